import Glibc
public import Linux
import SystemPackage

/// The listening socket of a worker.
///
/// The socket outlives the worker, so new connections wait while the worker is restarted. spawn-fcgi creates the
/// socket and runs `oriel hand-over`, which sends the socket to the supervisor.
final class WorkerSocket {
    private let path: FilePath
    private let oriel: FilePath
    private var listener: Descriptor?
    private var file: FileStatus?

    init(_ path: FilePath, oriel: FilePath) {
        self.path = path
        self.oriel = oriel
    }

    /// Returns the socket's descriptor.
    ///
    /// Creates the socket if there is none, or if its file was removed.
    func open(log: CInt) throws(SystemError) -> CInt {
        if listener != nil, isIntact { return number }
        close()
        listener = try make(log: log)
        file = try FileStatus(at: path)
        return number
    }

    /// Whether the socket's file still exists, so that the web server can connect.
    var isIntact: Bool {
        guard let file, let present = try? FileStatus(at: path) else { return false }
        return present.isSameFile(as: file)
    }

    private var number: CInt {
        switch listener {
        case .some(let descriptor): descriptor.number
        case nil: -1
        }
    }

    /// Closes the socket, so that connections of the web server fail immediately instead of waiting for a worker.
    func close() {
        listener = nil
        file = nil
        File.remove(path)
    }

    private func make(log: CInt) throws(SystemError) -> Descriptor {
        guard let spawn = Executable.find("spawn-fcgi") else {
            throw SystemError("execve", "spawn-fcgi", .noSuchFileOrDirectory)
        }
        let ends = try ProcessChannel.pair()
        let ours = Descriptor(owning: ends.0)
        let theirs = Descriptor(owning: ends.1)
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        // If this process runs as root, nginx's workers run as www-data and must be able to connect.
        let owner = geteuid() == 0 ? ["-U", "www-data"] : []
        let command = Command(
            spawn, ["-n", "-s", path.string, "-M", "0600"] + owner + ["--", oriel.string, "hand-over"])
        let child = try ChildProcesses.start(
            command, streams: .init(input: null.number, output: theirs.number, error: log), deathSignal: SIGKILL)
        defer { _ = ChildProcesses.wait(for: child, timeout: .seconds(1)) }
        _ = consume theirs
        do throws(SystemError) {
            return try ProcessChannel.receive(from: ours.number, timeout: .seconds(5))
        } catch {
            throw SystemError("spawn-fcgi", "\(path)", error.errno)
        }
    }
}

/// The body of `oriel hand-over`, which spawn-fcgi runs for ``WorkerSocket``.
public enum SocketHandOver {
    /// Sends the listening socket at descriptor 0 through the socket at descriptor 1.
    public static func run() throws(SystemError) {
        guard ProcessChannel.isListening(0) else {
            throw SystemError("getsockopt", "descriptor 0", .notSocket)
        }
        try ProcessChannel.send(0, through: 1)
    }
}
