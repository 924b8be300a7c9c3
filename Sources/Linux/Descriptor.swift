import CLinux
import Glibc
public import SystemPackage

/// An open file descriptor, closed when its owner goes away.
public struct Descriptor: ~Copyable, Sendable {
    /// The number the kernel knows it by; it stays the owner's to close.
    public let number: CInt

    /// Takes over an open descriptor.
    public init(owning number: CInt) {
        self.number = number
    }

    /// Opens `path`; `O_CLOEXEC` is added to `flags` (those of open(2)).
    public init(opening path: FilePath, flags: CInt, mode: UInt32 = 0) throws(SystemError) {
        number = try systemCall("open", "\(path)") {
            unsafe path.withPlatformString { unsafe open($0, flags | O_CLOEXEC, mode) }
        }
    }

    /// Opens `path` as ``init(opening:flags:mode:)`` does; nil when there is no such file.
    public static func openIfThere(_ path: FilePath, flags: CInt) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor(opening: path, flags: flags)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    /// Opens a file without a name in `folder` (`O_TMPFILE`), for reading and writing.
    public init(unnamedIn folder: FilePath, mode: UInt32) throws(SystemError) {
        number = try systemCall("open", "\(folder)") {
            unsafe folder.withPlatformString { unsafe open($0, O_RDWR | linux_open_unnamed | O_CLOEXEC, mode) }
        }
    }

    deinit {
        close(number)
    }

    /// Gives the descriptor away: the caller closes it.
    public consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

    /// Another descriptor of the same open file (`F_DUPFD_CLOEXEC`).
    public func duplicate() throws(SystemError) -> Descriptor {
        let number = number
        return Descriptor(
            owning: try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
    }

    /// Whether reads and writes return at once instead of waiting (`O_NONBLOCK`).
    public func setNonBlocking(_ isNonBlocking: Bool) throws(SystemError) {
        try Linux.setNonBlocking(number, isNonBlocking)
    }

    /// What fstat(2) knows of the file behind the descriptor.
    public func status() throws(SystemError) -> FileStatus {
        try FileStatus(of: number)
    }
}

/// Sets or clears `O_NONBLOCK` on a descriptor that somebody else owns.
public func setNonBlocking(_ number: CInt, _ isNonBlocking: Bool) throws(SystemError) {
    let flags = try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_GETFL) }
    let wanted = isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_SETFL, wanted) }
}

/// What identifies a file and says whose it is: the part of stat(2) that Oriel asks for.
public struct FileStatus: Equatable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    public let byteCount: Int
    public let owner: UInt32
    /// Permission bits alone (`07777`).
    public let permissions: UInt32
    /// How many names the file has; 0 once it is unlinked.
    public let linkCount: Int
    public let kind: Kind
    /// When the content last changed: CLOCK_REALTIME in nanoseconds, in steps of the kernel's clock tick (up to 10 ms).
    public let modified: UInt64

    /// The kinds of files that a program may be pointed at.
    public enum Kind: Sendable { case file, folder, characterDevice, other }

    /// What stat(2) knows of the file at `path`, or lstat(2) of a symbolic link itself.
    public init(at path: FilePath, followingLinks: Bool = true) throws(SystemError) {
        var status = stat()
        try systemCall("stat", "\(path)") {
            unsafe path.withPlatformString {
                followingLinks ? unsafe stat($0, &status) : unsafe lstat($0, &status)
            }
        }
        self.init(status)
    }

    /// What fstat(2) knows of the file behind a descriptor that somebody else owns.
    public init(of number: CInt) throws(SystemError) {
        var status = stat()
        try systemCall("fstat", "descriptor \(number)") { unsafe fstat(number, &status) }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        byteCount = Int(status.st_size)
        owner = status.st_uid
        permissions = status.st_mode & 0o7777
        linkCount = Int(status.st_nlink)
        modified = UInt64(max(0, status.st_mtim.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, status.st_mtim.tv_nsec))
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFCHR: .characterDevice
            default: .other
            }
    }

    /// Whether both are the same file.
    public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
