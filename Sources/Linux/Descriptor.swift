import CLinux
import Glibc
public import SystemPackage

/// An open file descriptor, closed when it goes out of scope.
public struct Descriptor: ~Copyable, Sendable {
    /// The number of the descriptor, which callers must not close.
    public let number: CInt

    /// Takes ownership of an open descriptor.
    public init(owning number: CInt) {
        self.number = number
    }

    /// Opens `path` with the `flags` of open(2) and `O_CLOEXEC`.
    public init(opening path: FilePath, flags: CInt, mode: UInt32 = 0) throws(SystemError) {
        number = try systemCall("open", "\(path)") {
            unsafe path.withPlatformString { unsafe open($0, flags | O_CLOEXEC, mode) }
        }
    }

    /// Opens `path` like ``init(opening:flags:mode:)``; returns nil if there is no such file.
    public static func openIfExists(_ path: FilePath, flags: CInt) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor(opening: path, flags: flags)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    /// Opens an unnamed file in `folder` (`O_TMPFILE`) for reading and writing.
    public init(unnamedIn folder: FilePath, mode: UInt32) throws(SystemError) {
        number = try systemCall("open", "\(folder)") {
            unsafe folder.withPlatformString { unsafe open($0, O_RDWR | linux_open_unnamed | O_CLOEXEC, mode) }
        }
    }

    deinit {
        close(number)
    }

    /// Releases ownership: the caller must close the descriptor.
    public consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

    /// Returns a second descriptor that refers to the same open file (`F_DUPFD_CLOEXEC`).
    public func duplicate() throws(SystemError) -> Descriptor {
        let number = number
        return Descriptor(
            owning: try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_DUPFD_CLOEXEC, 3) })
    }

    /// Sets whether reads and writes fail with EAGAIN where they would otherwise wait (`O_NONBLOCK`).
    public func setNonBlocking(_ isNonBlocking: Bool) throws(SystemError) {
        try Linux.setNonBlocking(number, isNonBlocking)
    }

    /// Returns the status of the open file (fstat(2)).
    public func status() throws(SystemError) -> FileStatus {
        try FileStatus(of: number)
    }
}

/// Sets or clears `O_NONBLOCK` on a descriptor that someone else owns.
public func setNonBlocking(_ number: CInt, _ isNonBlocking: Bool) throws(SystemError) {
    let flags = try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_GETFL) }
    let wanted = isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    try systemCall("fcntl", "descriptor \(number)") { fcntl(number, F_SETFL, wanted) }
}

/// A file's identity, owner, permissions, size and kind (stat(2)).
public struct FileStatus: Equatable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    public let byteCount: Int
    public let owner: UInt32
    /// The permission bits (`07777`).
    public let permissions: UInt32
    /// The number of hard links; 0 after the file is unlinked.
    public let linkCount: Int
    public let kind: Kind
    /// When the content last changed: CLOCK_REALTIME in nanoseconds, with the resolution of a clock tick (up to 10 ms).
    public let modified: UInt64
    /// The device that a device file stands for (`st_rdev`); 0 for other files.
    public let representedDevice: UInt64

    /// The kind of a file.
    public enum Kind: Sendable { case file, folder, characterDevice, other }

    /// Reads the status of the file at `path` (stat(2)).
    ///
    /// If `followingLinks` is false and `path` is a symbolic link, the status is that of the link itself (lstat(2)).
    public init(at path: FilePath, followingLinks: Bool = true) throws(SystemError) {
        var status = stat()
        try systemCall("stat", "\(path)") {
            unsafe path.withPlatformString {
                followingLinks ? unsafe stat($0, &status) : unsafe lstat($0, &status)
            }
        }
        self.init(status)
    }

    /// Reads the status of the open file with the descriptor `number`, which stays open (fstat(2)).
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
        representedDevice = UInt64(status.st_rdev)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFCHR: .characterDevice
            default: .other
            }
    }

    /// The device that contains the file as /proc writes it, such as `00:1a`.
    public var deviceText: String {
        [Self.major(device), Self.minor(device)].map { number in
            let digits = String(number, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined(separator: ":")
    }

    /// The major number of the device that a device file stands for; 0 for other files.
    public var representedMajor: UInt64 { Self.major(representedDevice) }

    // The C library's macros major(3) and minor(3) are not available in Swift.
    private static func major(_ device: UInt64) -> UInt64 { device >> 8 & 0xfff | device >> 32 & ~0xfff }
    private static func minor(_ device: UInt64) -> UInt64 { device & 0xff | device >> 12 & ~0xff }

    /// Returns whether both statuses belong to the same file, which its device and inode numbers identify.
    public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
