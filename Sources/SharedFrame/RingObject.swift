import Glibc
import Linux
import Names
import SystemPackage

/// A ring that this process writes: the object behind its name, mapped, with the writer's lock held.
///
/// A new object gets its name only when it is whole (`O_TMPFILE`, then a link), so nobody ever meets half a ring and
/// a writer that dies meanwhile leaves nothing behind.
struct RingObject: ~Copyable {
    let name: RingName
    let descriptor: Descriptor
    let memory: RingMemory

    /// Frames that a writer has put into this object before.
    var isAdopted: Bool

    deinit {
        FileLock.unlock(descriptor, byte: RingLayout.Lock.writer)
    }

    /// Takes the existing ring over, or makes one where there is none.
    ///
    /// Fails when another writer lives, and when what stands under the name is not a ring of this user and version.
    static func open(_ name: RingName, geometry: RingGeometry) throws(RingError) -> RingObject {
        for _ in 0..<100 {
            if let object = try adopt(name) { return object }
            if let object = try create(name, geometry: geometry, replacing: false) { return object }
        }
        throw RingError(.contested, "shared memory \(name) keeps changing: another program makes and removes it")
    }

    /// Makes a new object under `name`; nil when one stands there already and is not to be replaced.
    ///
    /// `prepare` writes what the first reader must find.
    static func create(
        _ name: RingName, geometry: RingGeometry, replacing: Bool, prepare: (borrowing RingMemory) -> Void = { _ in }
    ) throws(RingError) -> RingObject? {
        do throws(SystemError) {
            let descriptor = try Descriptor(unnamedIn: RingName.folder, mode: 0o640)
            let number = descriptor.number
            // fchmod: the umask must not decide who may read. fallocate: a full tmpfs must say so here, not by SIGBUS.
            try systemCall("fchmod", "\(name.path)") { fchmod(number, 0o640) }
            try allocate(number, geometry.byteCount, name)
            let memory = RingMemory(
                mapping: try Mapping(descriptor, byteCount: geometry.byteCount, access: .readWrite),
                geometry: geometry)
            memory.initialize(name)
            prepare(memory)
            _ = try FileLock.tryLock(descriptor, byte: RingLayout.Lock.writer, .exclusive)
            guard try link(number, to: name, replacing: replacing) else { return nil }
            return RingObject(name: name, descriptor: descriptor, memory: memory, isAdopted: false)
        } catch {
            throw RingError(cannotCreate: name, byteCount: geometry.byteCount, error)
        }
    }

    /// Whether the object is as long as it was made: nobody has truncated it.
    var isWhole: Bool {
        guard let own = try? descriptor.status() else { return false }
        return own.byteCount == memory.geometry.byteCount && !memory.mapping.wasCutOff
    }

    /// Whether the name still leads to this object.
    var hasItsName: Bool {
        guard let own = try? descriptor.status() else { return false }
        return Self.isNamed(name, own)
    }

    private static func isNamed(_ name: RingName, _ own: FileStatus) -> Bool {
        guard own.linkCount > 0 else { return false }
        guard let found = try? Descriptor(opening: name.path, flags: O_RDONLY | O_NOFOLLOW).status() else {
            return false
        }
        return found.isSameFile(as: own)
    }

    /// Removes the name, if it is still this object's.
    func removeName() {
        guard hasItsName else { return }
        _ = unsafe name.path.withPlatformString { unsafe unlink($0) }
    }

    private static func adopt(_ name: RingName) throws(RingError) -> RingObject? {
        guard let descriptor = try name.open(O_RDWR) else { return nil }
        let status: FileStatus
        let isLocked: Bool
        do throws(SystemError) {
            status = try descriptor.status()
            isLocked = try FileLock.tryLock(descriptor, byte: RingLayout.Lock.writer, .exclusive)
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        guard status.owner == geteuid() else { throw RingError(foreign: name, owner: status.owner) }
        guard status.permissions & 0o022 == 0 else { throw RingError(writable: name) }
        guard isLocked else { throw RingError(taken: name, descriptor) }
        if RingMemory.isCutOff(descriptor, byteCount: status.byteCount) {
            // Nothing is lost: no reader can have anything of it, and its writer has died before it could mend it.
            if isNamed(name, status) { _ = unsafe name.path.withPlatformString { unsafe unlink($0) } }
            return nil
        }
        let memory = try RingMemory(opening: descriptor, byteCount: status.byteCount, name, access: .readWrite)
        let object = RingObject(name: name, descriptor: descriptor, memory: memory, isAdopted: true)
        // Between open and lock the name may have gone to another object: then this one is nobody's.
        guard object.hasItsName else { return nil }
        return object
    }

    /// Gives the unnamed object its name; false when the name is taken and is not to be replaced.
    private static func link(_ number: CInt, to name: RingName, replacing: Bool) throws(SystemError) -> Bool {
        let source = FilePath("/proc/self/fd/\(number)")
        let target = replacing ? RingName.folder.appending(name.fileName + ".new") : name.path
        // Only the holder of the old object's lock replaces, so a leftover `.new` is a dead writer's.
        if replacing { _ = unsafe target.withPlatformString { unsafe unlink($0) } }
        let result = unsafe source.withPlatformString { source in
            unsafe target.withPlatformString { target in
                retryingOnInterrupt { unsafe linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) }
            }
        }
        if case .failure(let errno) = result {
            if errno == .fileExists && !replacing { return false }
            throw SystemError("linkat", "\(target)", errno)
        }
        guard replacing else { return true }
        try systemCall("rename", "\(target)") {
            unsafe target.withPlatformString { old in
                unsafe name.path.withPlatformString { unsafe rename(old, $0) }
            }
        }
        return true
    }

    private static func allocate(_ number: CInt, _ byteCount: Int, _ name: RingName) throws(SystemError) {
        var status = EINTR
        while status == EINTR { status = posix_fallocate(number, 0, off_t(byteCount)) }
        guard status == 0 else { throw SystemError("posix_fallocate", "\(name.path)", Errno(rawValue: status)) }
    }
}

extension RingName {
    /// Opens what stands under the name, `O_RDONLY` or `O_RDWR`; nil when nothing does.
    func open(_ access: CInt) throws(RingError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor.openIfThere(path, flags: access | O_NOFOLLOW)
        } catch {
            throw RingError(cannotOpen: self, error)
        }
    }
}

extension RingMemory {
    /// Whether the object is a ring of this version that somebody has truncated: empty, or shorter than it says it is.
    fileprivate static func isCutOff(_ descriptor: borrowing Descriptor, byteCount: Int) -> Bool {
        typealias Header = RingLayout.Header
        if byteCount == 0 { return true }
        // What is behind the end of a file reads as zero up to the end of its page.
        guard byteCount >= Header.byteCount + 8,
            let mapping = try? Mapping(descriptor, byteCount: max(byteCount, RingLayout.headerByteCount), access: .read)
        else { return false }
        let header = RingMemory(mapping: mapping, geometry: RingGeometry(slotCount: 2, slotByteCount: 1))
        return header.load64(Header.magic) == RingLayout.magic && header.load32(Header.version) == RingLayout.version
            && header.load64(Header.byteCount) > UInt64(byteCount)
    }

    /// Maps an existing object and takes its header's word for the geometry, once, if that holds together.
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
        self.init(header, geometry)
    }

    private init(_ header: consuming RingMemory, _ geometry: RingGeometry) {
        self.init(mapping: header.mapping, geometry: geometry)
    }

    /// Writes the header of a new, still unnamed object.
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
