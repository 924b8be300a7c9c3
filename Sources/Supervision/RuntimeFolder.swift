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
        self.path = path
    }

    /// Creates the folder again if it has been removed.
    ///
    /// Throws if it cannot be created, or if something that is not this system's has taken its place.
    func restore() throws(Failure) {
        if let found = try? FileStatus(at: path, followingLinks: false), found.isSameFile(as: status) { return }
        do throws(SystemError) {
            try Folder.make(path, permissions: status.permissions)
            let found = try FileStatus(at: path, followingLinks: false)
            // Anyone may create files in /tmp.
            guard found.kind == .folder, found.owner == status.owner, found.permissions & 0o022 == 0 else {
                throw SystemError("mkdir", "\(path)", .fileExists)
            }
            // The umask may have removed permissions that nginx's user needs.
            Folder.setPermissions(path, status.permissions)
            status = found
        } catch {
            throw Failure(.cannotCreate, "cannot create the runtime folder \(path) again (\(error.errno))")
        }
        lock = try Self.lock(path.appending(Self.lockName), in: path)
    }

    private static func lock(_ file: FilePath, in path: FilePath) throws(Failure) -> Descriptor {
        do throws(SystemError) {
            let descriptor = try Descriptor(opening: file, flags: O_RDWR | O_CREAT, mode: 0o600)
            guard try FileLock.tryLock(descriptor, byte: 0, .exclusive) else {
                throw SystemError("fcntl", "\(file)", .resourceBusy)
            }
            return descriptor
        } catch {
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
