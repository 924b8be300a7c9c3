import Glibc
import Linux
import Names
import SystemPackage

/// The shared-memory object of a ring that this process writes, mapped into memory.
///
/// The process must hold the ring's ``WriterLock``.
///
/// A new object is created without a name (`O_TMPFILE`) and is linked to its name only when it is complete. Readers
/// therefore never see an incomplete ring, and a writer that dies before that leaves nothing behind.
struct RingObject: ~Copyable {
    let name: RingName
    let descriptor: Descriptor
    let memory: RingMemory

    /// Whether an earlier writer created the object.
    let isAdopted: Bool
    /// Whether this process has locked byte 0 of the object, which tells readers that the writer is alive.
    ///
    /// This is false if a reader holds a shared lock on that byte. The object must then be replaced with a new one,
    /// which is locked before it gets its name.
    let isLocked: Bool

    deinit {
        FileLock.unlock(descriptor, byte: RingLayout.Lock.writer)
    }

    /// Takes over the existing ring, or creates a new one.
    ///
    /// Throws if another writer is alive, or if the existing object is not a ring, belongs to another user, or has
    /// another layout version.
    static func open(_ name: RingName, geometry: RingGeometry) throws(RingError) -> RingObject {
        removeLeftovers(name)
        for _ in 0..<100 {
            if let object = try adopt(name) { return object }
            if let object = try create(name, geometry: geometry, replacing: false) { return object }
        }
        throw RingError(.contested, "shared memory \(name) keeps changing: another program creates and removes it")
    }

    /// Creates an object with the name `name`; returns nil if there already is one and `replacing` is false.
    ///
    /// `prepare` is called before the object gets its name, to write what the first reader must find.
    static func create(
        _ name: RingName, geometry: RingGeometry, replacing: Bool, prepare: (borrowing RingMemory) -> Void = { _ in }
    ) throws(RingError) -> RingObject? {
        do throws(SystemError) {
            let descriptor = try Descriptor(unnamedIn: RingName.folder, mode: 0o640)
            let number = descriptor.number
            // The mode is set again, because the umask may have removed bits from it. The memory is allocated now, so
            // that a full /dev/shm is an error here and does not cause SIGBUS later.
            try systemCall("fchmod", "\(name.path)") { fchmod(number, 0o640) }
            try allocate(number, geometry.byteCount, name)
            let memory = RingMemory(
                mapping: try Mapping(descriptor, byteCount: geometry.byteCount, access: .readWrite),
                geometry: geometry, hasForeignClock: name.kind.mayHaveForeignClock)
            memory.initialize(name)
            prepare(memory)
            _ = try FileLock.tryLock(descriptor, byte: RingLayout.Lock.writer, .exclusive)
            guard try link(number, to: name, replacing: replacing) else { return nil }
            return RingObject(name: name, descriptor: descriptor, memory: memory, isAdopted: false, isLocked: true)
        } catch {
            throw RingError(cannotCreate: name, byteCount: geometry.byteCount, error)
        }
    }

    /// Whether the object still has its full size, which means that nobody has truncated it.
    var isWhole: Bool {
        guard let own = try? descriptor.status() else { return false }
        return own.byteCount == memory.geometry.byteCount && !memory.mapping.wasTruncated
    }

    /// Whether the name still refers to this object.
    var hasItsName: Bool {
        guard let own = try? descriptor.status() else { return false }
        return Self.isNamed(name, own)
    }

    private static func isNamed(_ name: RingName, _ own: FileStatus) -> Bool {
        guard own.linkCount > 0, let found = try? FileStatus(at: name.path, followingLinks: false) else {
            return false
        }
        return found.isSameFile(as: own)
    }

    /// Removes the name if it still refers to this object.
    func removeName() {
        if hasItsName { File.remove(name.path) }
    }

    /// Opens and locks the existing object, or returns nil if there is none or it must be created again.
    private static func adopt(_ name: RingName) throws(RingError) -> RingObject? {
        guard let descriptor = try name.open(O_RDWR) else { return nil }
        let status = try ownStatus(of: descriptor, name)
        let isLocked = try lock(descriptor, name)
        if RingMemory.isTruncated(descriptor, byteCount: status.byteCount) {
            // Readers cannot use a truncated object, and the writer died before it could replace the object. Removing
            // the object therefore loses nothing.
            if isNamed(name, status) { File.remove(name.path) }
            return nil
        }
        let memory = try RingMemory(opening: descriptor, byteCount: status.byteCount, name, access: .readWrite)
        let object = RingObject(name: name, descriptor: descriptor, memory: memory, isAdopted: true, isLocked: isLocked)
        // Another object may have got the name after this one was opened and before it was locked.
        guard object.hasItsName else { return nil }
        return object
    }

    /// Returns the status of an existing object; throws if this process must not write the object.
    private static func ownStatus(of descriptor: borrowing Descriptor, _ name: RingName) throws(RingError) -> FileStatus
    {
        let status: FileStatus
        do throws(SystemError) {
            status = try descriptor.status()
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        // Another kind of file, such as a pipe, also has no bytes, but is not a truncated ring.
        guard status.kind == .file else { throw RingError(notARing: name) }
        guard status.owner == geteuid() else { throw RingError(foreign: name, owner: status.owner) }
        guard status.permissions & 0o022 == 0 else { throw RingError(writable: name) }
        return status
    }

    /// Returns why another object, which has taken the name of this process's ring, is not a ring of this user; nil if
    /// it is one, or if there is no object any more.
    static func defect(of name: RingName) -> RingError? {
        do throws(RingError) {
            guard let descriptor = try name.open(O_RDWR) else { return nil }
            let status = try ownStatus(of: descriptor, name)
            _ = try RingMemory(opening: descriptor, byteCount: status.byteCount, name, access: .read)
            return nil
        } catch {
            return error
        }
    }

    /// Locks byte 0 of the object; returns false if only readers hold a lock on it.
    ///
    /// Throws if a writer holds the lock. Only a writer of an earlier version can hold it, because such writers have no
    /// lock file. The kernel releases the locks of a killed writer one by one, so this lock may be held a moment longer
    /// than the lock on the lock file. This is why several attempts are made.
    private static func lock(_ descriptor: borrowing Descriptor, _ name: RingName) throws(RingError) -> Bool {
        for attempt in 0..<100 {
            if attempt > 0 { Poll.wait([], milliseconds: 1) }
            do throws(SystemError) {
                if try FileLock.tryLock(descriptor, byte: RingLayout.Lock.writer, .exclusive) { return true }
            } catch {
                throw RingError(cannotOpen: name, error)
            }
            guard FileLock.isTaken(descriptor, byte: RingLayout.Lock.writer, against: .shared) else { return false }
        }
        throw RingError(taken: name)
    }

    /// Links the unnamed object to its name; returns false if the name exists and `replacing` is false.
    private static func link(_ number: CInt, to name: RingName, replacing: Bool) throws(SystemError) -> Bool {
        guard replacing else { return try link(number, to: name.path) }
        // The temporary name is random. Everyone can write to this folder, so another user could occupy a predictable
        // name.
        for _ in 0..<10 {
            let target = RingName.folder.appending(name.temporaryFileName)
            guard try link(number, to: target) else { continue }
            do throws(SystemError) {
                try systemCall("rename", "\(target)") {
                    unsafe target.withPlatformString { old in
                        unsafe name.path.withPlatformString { unsafe rename(old, $0) }
                    }
                }
            } catch {
                File.remove(target)
                throw error
            }
            return true
        }
        throw SystemError("linkat", "\(name.path)", .fileExists)
    }

    /// Links the unnamed object to `target`; returns false if that file exists.
    private static func link(_ number: CInt, to target: FilePath) throws(SystemError) -> Bool {
        let source = FilePath("/proc/self/fd/\(number)")
        let result = unsafe source.withPlatformString { source in
            unsafe target.withPlatformString { target in
                retryingOnInterrupt { unsafe linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) }
            }
        }
        switch result {
        case .success: return true
        case .failure(.fileExists): return false
        case .failure(let errno): throw SystemError("linkat", "\(target)", errno)
        }
    }

    /// Removes temporary objects that a writer of this ring has left behind because it was killed while it replaced the
    /// ring.
    static func removeLeftovers(_ name: RingName) {
        for file in Folder.names(in: RingName.folder) where name.isTemporary(fileName: file) {
            let path = RingName.folder.appending(file)
            guard let status = try? FileStatus(at: path, followingLinks: false), status.owner == geteuid() else {
                continue
            }
            File.remove(path)
        }
    }

    private static func allocate(_ number: CInt, _ byteCount: Int, _ name: RingName) throws(SystemError) {
        var status = EINTR
        while status == EINTR { status = posix_fallocate(number, 0, off_t(byteCount)) }
        guard status == 0 else { throw SystemError("posix_fallocate", "\(name.path)", Errno(rawValue: status)) }
    }
}

extension RingName {
    /// Opens the object with this name, with the access mode `O_RDONLY` or `O_RDWR`; returns nil if there is none.
    func open(_ access: CInt) throws(RingError) -> Descriptor? {
        do throws(SystemError) {
            // Without O_NONBLOCK, the call would block if the file is a pipe.
            return try Descriptor.openIfExists(path, flags: access | O_NOFOLLOW | O_NONBLOCK)
        } catch {
            throw RingError(cannotOpen: self, error)
        }
    }
}

extension RingName {
    private static let temporarySuffix = ".new"

    /// A new random file name for an object that is about to replace the current one.
    fileprivate var temporaryFileName: String {
        "\(fileName).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))\(Self.temporarySuffix)"
    }

    /// Returns whether a file is a temporary object of this ring, created by this version of Oriel or an earlier one.
    fileprivate func isTemporary(fileName file: String) -> Bool {
        guard file.hasPrefix(fileName + "."), file.hasSuffix(Self.temporarySuffix) else { return false }
        let middle = file.dropFirst(fileName.count + 1).dropLast(Self.temporarySuffix.count)
        // The middle must not be empty: `oriel.relay.new` is not a temporary object of the ring of a camera called
        // `relay`. It is the relay's ring of a camera called `new`.
        return !middle.isEmpty
            && middle.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }
    }
}

extension RingMemory {
    /// Returns whether the object is a truncated ring of this version, which is empty or shorter than its header says.
    fileprivate static func isTruncated(_ descriptor: borrowing Descriptor, byteCount: Int) -> Bool {
        typealias Header = RingLayout.Header
        if byteCount == 0 { return true }
        // The file may be shorter than the header. The bytes from its end to the end of the page read as zeros.
        guard byteCount >= Header.byteCount + 8,
            let mapping = try? Mapping(descriptor, byteCount: max(byteCount, RingLayout.headerByteCount), access: .read)
        else { return false }
        let header = RingMemory(mapping: mapping, geometry: RingGeometry(slotCount: 2, slotByteCount: 1))
        return header.load64(Header.magic) == RingLayout.magic && header.load32(Header.version) == RingLayout.version
            && header.load64(Header.byteCount) > UInt64(byteCount)
    }

    /// Maps an existing object.
    ///
    /// Its geometry is read from the header and validated, and is not read again later.
    init(
        opening descriptor: borrowing Descriptor, byteCount: Int, _ name: RingName, access: Mapping.Access
    ) throws(RingError) {
        guard byteCount >= RingLayout.headerByteCount else { throw RingError(notARing: name) }
        let mapping: Mapping
        do throws(SystemError) {
            mapping = try Mapping(descriptor, byteCount: byteCount, access: access)
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        let header = RingMemory(mapping: mapping, geometry: RingGeometry(slotCount: 2, slotByteCount: 1))
        guard header.load64(RingLayout.Header.magic) == RingLayout.magic else { throw RingError(notARing: name) }
        let version = header.load32(RingLayout.Header.version)
        guard version == RingLayout.version else { throw RingError(version: version, name) }
        guard header.load32(RingLayout.Header.headerByteCount) == RingLayout.headerByteCount,
            header.load32(RingLayout.Header.slotHeaderByteCount) == RingLayout.slotHeaderByteCount,
            let geometry = RingGeometry(
                slotCount: Int(header.load32(RingLayout.Header.slotCount)),
                slotByteCount: header.load64(RingLayout.Header.slotByteCount),
                slotStride: header.load64(RingLayout.Header.slotStride), objectByteCount: byteCount)
        else { throw RingError(notARing: name) }
        self.init(header, geometry, hasForeignClock: name.kind.mayHaveForeignClock)
    }

    private init(_ header: consuming RingMemory, _ geometry: RingGeometry, hasForeignClock: Bool) {
        self.init(mapping: header.mapping, geometry: geometry, hasForeignClock: hasForeignClock)
    }

    /// Writes the header of a new object, which has no name yet.
    func initialize(_ name: RingName) {
        typealias Header = RingLayout.Header
        store64(Header.magic, RingLayout.magic)
        store32(Header.version, RingLayout.version)
        store32(Header.headerByteCount, UInt32(RingLayout.headerByteCount))
        store32(Header.slotCount, UInt32(geometry.slotCount))
        store32(Header.slotHeaderByteCount, UInt32(RingLayout.slotHeaderByteCount))
        store64(Header.slotByteCount, UInt64(geometry.slotByteCount))
        store64(Header.slotStride, UInt64(geometry.slotStride))
        store64(Header.byteCount, UInt64(geometry.byteCount))
        store64(Header.heartbeat, Clock.monotonic)
        setText(Header.camera, name.camera.text)
        store32(Header.state, CameraState.waiting.rawValue)
    }
}
