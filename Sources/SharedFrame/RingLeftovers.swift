import Glibc
import Linux
import SystemPackage

/// Removing what the writers of a system have left behind, without touching anything that belongs to someone else.
extension RingName {
    /// Removes the ring, its temporary objects and its lock file, which killed writers have left behind.
    ///
    /// Nothing is removed while a writer of the ring is alive. An object that is not a ring, or belongs to another
    /// user, is left alone. A ring also remains while a process has mapped it.
    public func removeLeftovers(mapped: MappedObjects) {
        // The lock keeps writers out in the meantime. When it is released, its file is removed.
        let lock: WriterLock?
        do throws(RingError) {
            guard let taken = try WriterLock.take(self) else { return }
            lock = consume taken
        } catch {
            // The lock file is not this user's, so no writer of this user can be alive.
            lock = nil
        }
        RingObject.removeLeftovers(self)
        if let file = ownRing, !mapped.contains(file) { File.remove(path) }
        _ = consume lock
    }

    /// The status of the object if it is a ring of this user, otherwise nil.
    private var ownRing: FileStatus? {
        guard let found = try? FileStatus(at: path, followingLinks: false), found.kind == .file,
            found.owner == geteuid(), let descriptor = try? open(O_RDONLY), let file = try? descriptor.status(),
            file.isSameFile(as: found)
        else { return nil }
        // A ring that was truncated to nothing cannot be told from any other empty file.
        if file.byteCount == 0 { return file }
        let (start, end) = (RingLayout.Header.magic, RingLayout.Header.version + 4)
        guard let bytes = try? descriptor.read(at: 0, count: max(start + 8, end)), bytes.count >= max(start + 8, end)
        else { return nil }
        func number(at offset: Int, byteCount: Int) -> UInt64 {
            bytes[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard number(at: start, byteCount: 8) == RingLayout.magic,
            number(at: RingLayout.Header.version, byteCount: 4) == UInt64(RingLayout.version)
        else { return nil }
        return file
    }

    /// The user whose live writer holds this ring's lock file; nil if the writer is this user's or does not exist.
    public var foreignWriter: UInt32? {
        guard let file = try? FileStatus(at: lockPath, followingLinks: false), file.kind == .file,
            file.owner != geteuid(), FileLock.isLocked(file)
        else { return nil }
        return file.owner
    }
}

/// The files that processes have mapped into their memory.
///
/// They are identified by their device and inode numbers, because /proc does not name a ring that got its name after
/// its writer had mapped it.
public struct MappedObjects: Sendable {
    private var files: Set<String> = []

    /// Reads the mappings of all processes that this process may inspect.
    public init() {
        for process in Folder.names(in: "/proc") where process.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let maps = try? File.contents(of: FilePath("/proc/\(process)/maps")) else { continue }
            for line in maps.split(separator: UInt8(ascii: "\n")) {
                // ADDRESSES PERMISSIONS OFFSET MAJOR:MINOR INODE PATH (proc_pid_maps(5))
                let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
                guard words.count >= 5, words[4] != [UInt8(ascii: "0")] else { continue }
                files.insert(
                    String(decoding: words[3], as: UTF8.self) + " " + String(decoding: words[4], as: UTF8.self))
            }
        }
    }

    func contains(_ file: FileStatus) -> Bool { files.contains("\(file.deviceText) \(file.inode)") }
}
