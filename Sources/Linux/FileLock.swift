import CLinux
import Glibc
import SystemPackage

/// Locks single bytes of a file.
///
/// The owner of a lock is an open file description (fcntl(2), `F_OFD_SETLK`).
///
/// The kernel releases these locks when the process exits or is killed. The locks also work between containers. Closing
/// the descriptor does not release a lock while a mapping of the file still refers to the same description, so use
/// ``unlock(_:byte:)``.
public enum FileLock {
    public enum Kind: Sendable { case shared, exclusive }

    /// Takes the lock on `byte` without waiting; returns false if another description holds a conflicting lock.
    public static func tryLock(
        _ descriptor: borrowing Descriptor, byte: Int, _ kind: Kind
    ) throws(SystemError) -> Bool {
        var request = flock(kind == .shared ? F_RDLCK : F_WRLCK, byte)
        let number = descriptor.number
        switch retryingOnInterrupt({ unsafe linux_fcntl_lock(number, CInt(linux_ofd_setlk), &request) }) {
        case .success: return true
        case .failure(.resourceTemporarilyUnavailable), .failure(.permissionDenied): return false
        case .failure(let errno): throw SystemError("fcntl(F_OFD_SETLK)", "descriptor \(number)", errno)
        }
    }

    /// Waits until no other description holds a conflicting lock on `byte`, and takes the lock.
    ///
    /// Returns false if a signal interrupts the wait.
    public static func waitForLock(
        _ descriptor: borrowing Descriptor, byte: Int, _ kind: Kind = .exclusive
    ) throws(SystemError) -> Bool {
        var request = flock(kind == .shared ? F_RDLCK : F_WRLCK, byte)
        if unsafe linux_fcntl_lock(descriptor.number, CInt(linux_ofd_setlkw), &request) == 0 { return true }
        if Errno.current == .interrupted { return false }
        throw SystemError("fcntl(F_OFD_SETLKW)", "descriptor \(descriptor.number)", .current)
    }

    /// Releases the lock on `byte`.
    public static func unlock(_ descriptor: borrowing Descriptor, byte: Int) {
        var request = flock(F_UNLCK, byte)
        _ = unsafe linux_fcntl_lock(descriptor.number, CInt(linux_ofd_setlk), &request)
    }

    /// Returns whether another description holds a lock on `byte` that conflicts with a lock of `kind`.
    public static func isTaken(_ descriptor: borrowing Descriptor, byte: Int, against kind: Kind) -> Bool {
        var request = flock(kind == .shared ? F_RDLCK : F_WRLCK, byte)
        guard unsafe linux_fcntl_lock(descriptor.number, CInt(linux_ofd_getlk), &request) == 0 else { return false }
        return request.l_type != Int16(F_UNLCK)
    }
}

extension FileLock {
    /// Returns whether a live process holds a lock on the file, which this process need not be able to open.
    ///
    /// The result is false if /proc/locks (proc_locks(5)) cannot be read.
    public static func isLocked(_ file: FileStatus) -> Bool {
        guard let bytes = try? File.contents(of: "/proc/locks") else { return false }
        let wanted = Array("\(file.deviceText):\(file.inode)".utf8)
        return bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            let words = line.split(separator: UInt8(ascii: " "))
            // A line with an arrow stands for a process that waits for a lock.
            return words.contains { $0.elementsEqual(wanted) } && !words.contains { $0.elementsEqual("->".utf8) }
        }
    }
}

extension flock {
    fileprivate init(_ type: Int32, _ byte: Int) {
        self.init()
        l_type = Int16(type)
        l_whence = Int16(SEEK_SET)
        l_start = off_t(byte)
        l_len = 1
    }
}
