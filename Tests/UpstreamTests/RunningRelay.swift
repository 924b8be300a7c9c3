import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport

/// One or more relay-fcgi processes that share a listening socket.
final class RunningRelay: Sendable {
    let ring = TemporaryRing(kind: .relay)
    let folder = TemporaryFolder()
    var socket: FilePath { folder.path.appending("relay.sock") }
    private let listener: Descriptor

    init() throws {
        Signals.ignoreBrokenPipe()
        listener = try Socket.listen(at: folder.path.appending("relay.sock"))
    }

    /// Starts a worker.
    ///
    /// `launcher` contains words to put in front of the worker's command, such as `unshare` with options.
    func worker(
        _ arguments: [String], environment: [String: String] = [:], launcher: [String] = []
    ) throws -> ChildProcess {
        let command = launcher + ["\(try ChildProcess.buildFolder())/relay-fcgi"] + arguments
        return try ChildProcess(
            command[0], Array(command.dropFirst()),
            environment: environment.merging([
                "ORIEL_PREFIX": ring.prefix.text, "ORIEL_RUNTIME_DIR": folder.path.string,
            ]) { $1 },
            input: listener.number, log: folder.path.appending("log").string)
    }

    var log: String {
        (try? File.contents(of: folder.path.appending("log"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The JSON of /status, or nil if no worker responds.
    func statusText() -> String? {
        guard let client = try? FastCGIClient(socket), (try? client.ask("/status")) != nil else { return nil }
        return try? client.answer(milliseconds: 2000).text
    }
}
