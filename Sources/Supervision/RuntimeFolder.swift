import Configuration
import Daemon
import Glibc
import Linux
import SystemPackage

/// The folder of sockets and logs, which belongs to one running system.
struct RuntimeFolder: ~Copyable {
    let path: FilePath
    /// Held as long as the supervisor runs; a folder whose lock is free is a leftover.
    private let lock: Descriptor

    /// Makes the folder that the configuration names, or a temporary one.
    init(_ configuration: SystemConfiguration) throws(Failure) {
        let folder: FilePath
        if let text = configuration.runtimeFolder {
            folder = try Self.make(text)
        } else {
            folder = try Self.makeTemporary()
        }
        let path = File.target(of: folder)
        let lockFile = path.appending("supervisor.lock")
        if !Folder.names(in: path).isEmpty { try Self.clear(path, lockFile) }
        let isPlain = path.string.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || Array("/._+@:-".utf8).contains(byte)
        }
        guard isPlain else {
            throw Failure(
                .configuration, "the folder for sockets, \(path), has characters that nginx does not take: rename it")
        }
        guard path.string.utf8.count <= 90 else {
            throw Failure(
                .configuration, "the path of the folder for sockets is too long, \(path): choose a shorter one")
        }
        lock = try Self.lock(lockFile, in: path)
        self.path = path
    }

    private static func lock(_ file: FilePath, in path: FilePath) throws(Failure) -> Descriptor {
        do throws(SystemError) {
            let descriptor = try Descriptor(opening: file, flags: O_RDWR | O_CREAT, mode: 0o600)
            guard try FileLock.tryLock(descriptor, byte: 0, .exclusive) else {
                throw SystemError("fcntl", "\(file)", .resourceBusy)
            }
            return descriptor
        } catch {
            throw Failure(.cannotCreate, "the folder for sockets, \(path), cannot be used (\(error.errno))")
        }
    }

    private static func make(_ text: String) throws(Failure) -> FilePath {
        do throws(SystemError) {
            try Folder.make(FilePath(text), permissions: 0o755)
        } catch {
            throw Failure(
                .cannotCreate, "the runtime folder \(text) cannot be made (\(error.errno)): choose another one")
        }
        return FilePath(text)
    }

    private static func makeTemporary() throws(Failure) -> FilePath {
        let own = Environment.value("XDG_RUNTIME_DIR").flatMap { $0.isEmpty ? nil : FilePath($0) }
        let parent = own.flatMap { Folder.isWritable($0) ? $0 : nil } ?? "/tmp"
        do throws(SystemError) {
            return try Folder.makeTemporary(in: parent, name: "oriel")
        } catch {
            throw Failure(.cannotCreate, "no temporary folder can be made in \(parent) (\(error.errno))")
        }
    }

    /// Removes what a system left that was killed together with its tidier.
    private static func clear(_ path: FilePath, _ lockFile: FilePath) throws(Failure) {
        guard let file = try? Descriptor(opening: lockFile, flags: O_RDWR),
            (try? FileLock.tryLock(file, byte: 0, .exclusive)) == true
        else {
            throw Failure(
                .cannotCreate,
                "the runtime folder \(path) is not empty: another Oriel may be running there; if not, remove it")
        }
        Folder.empty(path)
    }
}
