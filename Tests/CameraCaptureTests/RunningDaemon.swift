import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// The real capture-daemon, built with the tests, with a ring of its own.
final class RunningDaemon {
    let ring: TemporaryRing
    let subscriber: FrameSubscriber
    let process: ChildProcess
    private let folder = TemporaryFolder()

    init(
        _ arguments: [String], environment: [String: String] = [:], ring: TemporaryRing = TemporaryRing()
    ) throws {
        self.ring = ring
        subscriber = try FrameSubscriber(ring.name)
        let own = [
            "ORIEL_PREFIX": ring.prefix.text, "ORIEL_LOG_LEVEL": "", "JOURNAL_STREAM": "",
            "ORIEL_RUNTIME_DIR": folder.path.string, "STATE_DIRECTORY": folder.path.appending("state").string,
        ]
        let all = own.merging(environment) { $1 }
        process = try ChildProcess(
            Self.program(), arguments, environment: all, log: folder.path.appending("log").string)
    }

    deinit {
        // Stop the writer before the ring's name is removed: a live writer would restore it.
        process.end()
    }

    /// The program that was built with the tests.
    static func program() throws -> String { try ChildProcess.buildFolder() + "/capture-daemon" }

    /// Runs the program until it exits; returns its exit status and its standard error.
    static func run(_ arguments: [String]) throws -> (status: CInt?, errors: String) {
        let folder = TemporaryFolder()
        let log = folder.path.appending("log")
        let process = try ChildProcess(program(), arguments, log: log.string)
        let status = process.wait(milliseconds: 30_000)
        return (status, String(decoding: try File.contents(of: log), as: UTF8.self))
    }

    /// Its control socket.
    var controlSocket: FilePath { ring.name.camera.controlSocket(in: folder.path) }

    /// Its log so far, one message per line, without the time.
    var log: [String] {
        let text = (try? File.contents(of: folder.path.appending("log"))).map { String(decoding: $0, as: UTF8.self) }
        return (text ?? "").split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
        }
    }

    /// Waits until the ring has `state`; returns the status.
    func status(_ state: CameraState, sourceLocation: SourceLocation = #_sourceLocation) throws -> RingStatus {
        _ = eventually(30) { subscriber.status?.state == state }
        let status = try #require(subscriber.status, "\(log)", sourceLocation: sourceLocation)
        try #require(status.state == state, "\(status.reason) \(log)", sourceLocation: sourceLocation)
        return status
    }

    /// The next picture after `number`.
    func frame(after number: UInt64 = 0, sourceLocation: SourceLocation = #_sourceLocation) throws -> Frame {
        let deadline = Deadline(seconds: 30)
        while !deadline.isOver {
            let outcome = subscriber.wait(newerThan: number, milliseconds: deadline.milliseconds)
            guard case .frame = outcome else { continue }
            if let frame = subscriber.copyNewestFrame(), frame.description.number > number { return frame }
        }
        return try #require(nil, "no picture after \(number): \(log)", sourceLocation: sourceLocation)
    }

    /// Stops it as systemd and people do; returns its exit status, or the negative number of the signal.
    func stop(_ signal: CInt = SIGTERM) -> CInt? {
        process.send(signal)
        return process.wait(milliseconds: 30_000)
    }

    /// The files with its prefix in shared memory.
    var objects: [String] { Folder.names(in: RingName.folder).filter { $0.hasPrefix(ring.prefix.text) } }
}
