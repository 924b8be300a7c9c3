import Configuration
import Daemon
import Glibc
import Linux
import SystemPackage

/// The folder for sockets and logs of one running system.
final class RuntimeFolder {
    /// The name of the file that the supervisor locks.
    static let lockName = "supervisor.lock"

    let path: FilePath
    /// A lock that is held while the supervisor runs.
    ///
    /// A folder that is not locked was left behind by an earlier system.
    private var lock: Descriptor
    /// The folder that this system uses.
    private var status: FileStatus
    /// The permissions with which the folder is created again.
    private let permissions: UInt32

    /// Creates the configured folder, or a temporary one.
    init(_ configuration: SystemConfiguration) throws(Failure) {
        let folder: FilePath
        if let text = configuration.runtimeFolder {
            folder = try Self.make(text)
        } else {
            folder = try Self.makeTemporary()
        }
        let path = File.target(of: folder)
        let lockFile = path.appending(Self.lockName)
        if !Folder.names(in: path).isEmpty { try Self.clear(path, lockFile) }
        let isPlain = path.string.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || Array("/._+@:-".utf8).contains(byte)
        }
        guard isPlain else {
            throw Failure(
                .configuration,
                """
                the path of the runtime folder, \(path), has characters that nginx does not accept: use another folder
                """)
        }
        guard path.string.utf8.count <= 90 else {
            throw Failure(
                .configuration,
                """
                the path of the runtime folder, \(path), is longer than 90 bytes: use a folder with a shorter path
                """)
        }
        lock = try Self.lock(lockFile, in: path)
        do throws(SystemError) {
            status = try FileStatus(at: path, followingLinks: false)
        } catch {
            throw Failure(.cannotCreate, "cannot use the runtime folder \(path) (\(error.errno)): use another folder")
        }
        permissions = status.permissions
        self.path = path
    }

    /// Creates the folder and its lock file again if they have been removed.
    ///
    /// Throws if they cannot be created, if something that is not this system's has taken the folder's place, or if
    /// another system has locked it. Then nothing changes.
    func restore() throws(Failure) {
        let found: FileStatus
        do throws(SystemError) {
            found = try currentFolder()
        } catch {
            throw Failure(
                .cannotCreate,
                "cannot create the runtime folder \(path) again (\(error.errno)): remove what has taken its place, or "
                    + "restart Oriel with another folder")
        }
        let isSame = found.isSameFile(as: status)
        if isSame, isLockIntact { return }
        let newLock = try Self.lock(path.appending(Self.lockName), in: path)
        lock = newLock
        guard !isSame else { return }
        status = found
        // The umask may have removed permissions that nginx's user needs.
        if found.owner == geteuid() { Folder.setPermissions(path, permissions) }
    }

    /// Returns the status of the folder, which is created if it does not exist.
    private func currentFolder() throws(SystemError) -> FileStatus {
        if let found = try? FileStatus(at: path, followingLinks: false), found.isSameFile(as: status) { return found }
        try Folder.make(path, permissions: permissions)
        let found = try FileStatus(at: path, followingLinks: false)
        // Anyone may create files in /tmp. Root may have created the folder for this user or this user's group.
        let isOwn = [geteuid(), status.owner].contains(found.owner) && found.permissions & 0o022 == 0
        let isRoots = found.owner == 0 && found.permissions & 0o002 == 0
        guard found.kind == .folder, isOwn || isRoots, Folder.isWritable(path) else {
            throw SystemError("mkdir", "\(path)", .fileExists)
        }
        return found
    }

    /// Whether the file that this system has locked still has its name.
    private var isLockIntact: Bool {
        guard let found = try? FileStatus(at: path.appending(Self.lockName), followingLinks: false),
            let own = try? lock.status()
        else { return false }
        return found.isSameFile(as: own)
    }

    /// Releases the lock, so that ``remove(_:)`` removes the folder unless another system locks it first.
    func release() { FileLock.unlock(lock, byte: 0) }

    /// Removes the folder at `path` if it belongs to a system of this user that no longer runs.
    ///
    /// Otherwise, the folder remains: it may be the folder of a system that has been started in the meantime.
    static func remove(_ path: FilePath) {
        let ownUsers = [geteuid(), 0]
        guard
            let folder = try? Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
            let status = try? folder.status(), ownUsers.contains(status.owner),
            let lock = try? Descriptor(
                opening: path.appending(lockName), flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK),
            let file = try? lock.status(), file.kind == .file, file.owner == geteuid()
        else { return }
        // A supervisor that was killed may not have released the lock yet.
        let deadline = Instant.now + .milliseconds(100)
        while (try? FileLock.tryLock(lock, byte: 0, .exclusive)) != true {
            if .now >= deadline { return }
            Poll.wait([], milliseconds: 10)
        }
        Folder.remove(path)
        _ = consume lock
    }

    private static func lock(_ file: FilePath, in path: FilePath) throws(Failure) -> Descriptor {
        do throws(SystemError) {
            let descriptor = try Descriptor(opening: file, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            guard try FileLock.tryLock(descriptor, byte: 0, .exclusive) else {
                throw SystemError("fcntl", "\(file)", .resourceBusy)
            }
            return descriptor
        } catch {
            if error.errno == .resourceBusy {
                throw Failure(
                    .cannotCreate, "another Oriel system uses the runtime folder \(path): use another folder")
            }
            throw Failure(.cannotCreate, "cannot use the runtime folder \(path) (\(error.errno)): use another folder")
        }
    }

    private static func make(_ text: String) throws(Failure) -> FilePath {
        do throws(SystemError) {
            try Folder.make(FilePath(text), permissions: 0o755)
        } catch {
            throw Failure(
                .cannotCreate, "cannot create the runtime folder \(text) (\(error.errno)): use another folder")
        }
        return FilePath(text)
    }

    private static func makeTemporary() throws(Failure) -> FilePath {
        let own = Environment.value("XDG_RUNTIME_DIR").flatMap { $0.isEmpty ? nil : FilePath($0) }
        let parent = own.flatMap { Folder.isWritable($0) ? $0 : nil } ?? "/tmp"
        do throws(SystemError) {
            return try Folder.makeTemporary(in: parent, name: "oriel")
        } catch {
            throw Failure(
                .cannotCreate,
                """
                cannot create a temporary folder in \(parent) (\(error.errno)): set ORIEL_RUNTIME_DIR to another folder
                """)
        }
    }

    /// Empties a folder that a system has left behind because it was killed together with its ``Tidier``.
    ///
    /// Throws if a running system has locked the folder, or if the folder was not created by Oriel.
    private static func clear(_ path: FilePath, _ lockFile: FilePath) throws(Failure) {
        guard let file = try? Descriptor(opening: lockFile, flags: O_RDWR),
            (try? FileLock.tryLock(file, byte: 0, .exclusive)) == true
        else {
            throw Failure(
                .cannotCreate,
                """
                the runtime folder \(path) is in use by another Oriel system, or contains files that Oriel has not \
                created: use an empty folder, or one that does not exist
                """)
        }
        Folder.empty(path)
    }
}
