import Glibc
import Linux
import SystemPackage

/// The lock that makes a process the only writer of a ring, on a file beside the ring that only the writer's user can
/// open: `/dev/shm/.<name of the ring>.lock`.
///
/// A lock on the ring itself is not enough: any reader could hold a shared lock there and keep new writers out.
/// Releasing the lock removes the file; a killed writer leaves the file behind, unlocked and empty, and the next writer
/// uses it.
struct WriterLock: ~Copyable {
    private let descriptor: Descriptor
    private let path: FilePath

    private init(_ descriptor: consuming Descriptor, _ path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // While it is locked: a process that waits for it then notices that the name is gone, and creates a new file.
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
                    // A lock on a file without a name does not matter.
                    if isNamed(descriptor, path) { return nil }
                    continue
                }
            } catch {
                throw RingError(cannotLock: name, error)
            }
            // Its owner may have removed it between open and lock.
            if isNamed(descriptor, path) { return WriterLock(descriptor, path) }
        }
        throw RingError(.contested, "lock file \(path) keeps changing: another program creates and removes it")
    }

    /// Waits until no writer holds the lock, without taking it.
    static func waitUntilFree(_ name: RingName) throws(RingError) {
        while let descriptor = try open(name) {
            do throws(SystemError) {
                while try !FileLock.waitForLock(descriptor, byte: 0, .exclusive) {}
            } catch {
                throw RingError(cannotLock: name, error)
            }
            // Otherwise the file was replaced during the wait.
            if isNamed(descriptor, name.lockPath) { return }
        }
    }

    /// Whether the file still has its name.
    ///
    /// Without it, a second writer would not notice this one.
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
            // O_NONBLOCK: a pipe under this name must not hold the caller.
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

    /// Why the file is not a lock file of this user; nil if it is.
    private static func defect(_ file: FileStatus, _ name: RingName) -> RingError? {
        let path = name.lockPath
        if file.kind != .file {
            return RingError(.forbidden, "\(path) is not a regular file: remove it, or choose another ORIEL_PREFIX")
        }
        if file.owner != geteuid() {
            return RingError(
                .forbidden, "lock file \(path) belongs to user \(file.owner): remove it, or choose another ORIEL_PREFIX"
            )
        }
        if file.permissions & 0o077 != 0 {
            return RingError(.forbidden, "lock file \(path) can be opened by other users: remove it")
        }
        return nil
    }

    private static func create(_ name: RingName) throws(RingError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor(opening: name.lockPath, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        } catch {
            if error.errno == .fileExists { return nil }
            throw RingError(cannotCreate: name, byteCount: 0, error)
        }
    }
}
