import Glibc
import Linux
import SystemPackage

/// The lock that makes a process the only writer of a ring.
///
/// It is a lock on the file `/dev/shm/.<name of the ring>.lock`, which only the writer's user can open. A lock on the
/// ring itself is not enough, because any reader could hold a shared lock on it and thereby keep new writers out.
///
/// Releasing the lock removes the file. A writer that is killed leaves the file behind, unlocked and empty, and the
/// next writer uses it.
struct WriterLock: ~Copyable {
    private let descriptor: Descriptor
    private let path: FilePath

    private init(_ descriptor: consuming Descriptor, _ path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // The file is removed while it is still locked. A process that waits for the lock gets it after that, notices
        // that the file is gone, and creates a new one.
        if Self.isNamed(descriptor, path) { File.remove(path) }
        FileLock.unlock(descriptor, byte: 0)
    }

    /// Takes the lock; returns nil if another writer holds it.
    static func take(_ name: RingName) throws(RingError) -> WriterLock? {
        let path = name.lockPath
        for _ in 0..<100 {
            let descriptor: Descriptor
            if let existing = try open(name) {
                descriptor = existing
            } else if let created = try create(name) {
                descriptor = created
            } else {
                continue
            }
            do throws(SystemError) {
                guard try FileLock.tryLock(descriptor, byte: 0, .exclusive) else {
                    // If the file was removed in the meantime, its lock has no meaning, and the next attempt creates a
                    // new file.
                    if isNamed(descriptor, path) { return nil }
                    continue
                }
            } catch {
                throw RingError(cannotLock: name, error)
            }
            // The previous writer may have removed the file after it was opened and before it was locked.
            if isNamed(descriptor, path) { return WriterLock(descriptor, path) }
        }
        throw RingError(.contested, "lock file \(path) keeps changing: another program creates and removes it")
    }

    /// Waits until no writer holds the lock; does not keep the lock afterwards.
    static func waitUntilFree(_ name: RingName) throws(RingError) {
        while let descriptor = try open(name) {
            do throws(SystemError) {
                while try !FileLock.waitForLock(descriptor, byte: 0, .exclusive) {}
            } catch {
                throw RingError(cannotLock: name, error)
            }
            // If the file no longer has its name, it was replaced during the wait, and the new file is tried.
            if isNamed(descriptor, name.lockPath) { return }
        }
    }

    /// Whether the lock file still has its name.
    ///
    /// If it does not, another writer can start without noticing this one.
    var hasItsName: Bool { Self.isNamed(descriptor, path) }

    private static func isNamed(_ descriptor: borrowing Descriptor, _ path: FilePath) -> Bool {
        guard let own = try? descriptor.status(), own.linkCount > 0,
            let found = try? FileStatus(at: path, followingLinks: false)
        else { return false }
        return found.isSameFile(as: own)
    }

    /// Opens the file if it exists; throws if it is not a lock file of this user.
    private static func open(_ name: RingName) throws(RingError) -> Descriptor? {
        let file: Descriptor
        let status: FileStatus
        do throws(SystemError) {
            // Without O_NONBLOCK, the call would block if the file is a pipe.
            guard let found = try Descriptor.openIfExists(name.lockPath, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK) else {
                return nil
            }
            status = try found.status()
            file = found
        } catch {
            if let status = try? FileStatus(at: name.lockPath, followingLinks: false),
                let defect = defect(status, name)
            {
                throw defect
            }
            throw RingError(cannotLock: name, error)
        }
        if let defect = defect(status, name) { throw defect }
        return file
    }

    /// Returns the reason why the file is not a lock file of this user, or nil if it is one.
    private static func defect(_ file: FileStatus, _ name: RingName) -> RingError? {
        let path = name.lockPath
        if file.kind != .file {
            return RingError(.forbidden, "\(path) is not a regular file: remove it, or choose another ORIEL_PREFIX")
        }
        if file.owner != geteuid() {
            return RingError(
                .forbidden,
                FileLock.isLocked(file)
                    ? "user \(file.owner) runs a system with the prefix \(name.prefix): choose another ORIEL_PREFIX"
                    : "lock file \(path) belongs to user \(file.owner): choose another ORIEL_PREFIX, or remove the file "
                        + "if that user runs no system with this prefix")
        }
        if file.permissions & 0o077 != 0 {
            return RingError(.forbidden, "lock file \(path) can be opened by other users: remove it")
        }
        return nil
    }

    /// Creates the file; returns nil if it exists.
    private static func create(_ name: RingName) throws(RingError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor(opening: name.lockPath, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        } catch {
            if error.errno == .fileExists { return nil }
            throw RingError(cannotCreate: name, byteCount: 0, error)
        }
    }
}
