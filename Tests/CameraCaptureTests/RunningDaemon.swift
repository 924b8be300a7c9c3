import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// A running capture-daemon that was built together with the tests, and a reader of its ring.
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
        // Kill the daemon before the ring's name is removed, since a running daemon would restore the name.
        process.end()
    }

    /// The path of the program that was built with the tests.
    static func program() throws -> String { try ChildProcess.buildFolder() + "/capture-daemon" }

    /// Runs the program until it exits.
    ///
    /// Returns its exit status, or nil if it still runs after 30 s, and its standard error.
    static func run(_ arguments: [String]) throws -> (status: CInt?, errors: String) {
        let folder = TemporaryFolder()
        let log = folder.path.appending("log")
        let process = try ChildProcess(program(), arguments, log: log.string)
        let status = process.wait(milliseconds: 30_000)
        return (status, String(decoding: try File.contents(of: log), as: UTF8.self))
    }

    /// The path of the daemon's control socket.
    var controlSocket: FilePath { ring.name.camera.controlSocket(in: folder.path) }

    /// The lines of the daemon's log so far, without their times.
    var log: [String] {
        let text = (try? File.contents(of: folder.path.appending("log"))).map { String(decoding: $0, as: UTF8.self) }
        return (text ?? "").split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
        }
    }

    /// Waits until the ring's state is `state`, and returns the ring's status.
    func status(_ state: CameraState, sourceLocation: SourceLocation = #_sourceLocation) throws -> RingStatus {
        var latest: RingStatus?
        _ = eventually(30) {
            latest = subscriber.status
            return latest?.state == state
        }
        let status = try #require(latest, "\(log)", sourceLocation: sourceLocation)
        try #require(status.state == state, "\(status.reason) \(log)", sourceLocation: sourceLocation)
        return status
    }

    /// Waits for a picture whose number is above `number`, and returns the picture.
    func frame(after number: UInt64 = 0, sourceLocation: SourceLocation = #_sourceLocation) throws -> Frame {
        let deadline = Deadline(seconds: 30)
        while !deadline.isOver {
            let outcome = subscriber.wait(newerThan: number, milliseconds: deadline.milliseconds)
            guard case .frame = outcome else { continue }
            if let frame = subscriber.copyNewestFrame(), frame.description.number > number { return frame }
        }
        return try #require(nil, "no picture has a number above \(number): \(log)", sourceLocation: sourceLocation)
    }

    /// Sends a signal and waits until the daemon exits.
    ///
    /// Returns the daemon's exit status, or the negated number of the signal that killed it, or nil if it still runs
    /// after 30 s.
    func stop(_ signal: CInt = SIGTERM) -> CInt? {
        process.send(signal)
        return process.wait(milliseconds: 30_000)
    }

    /// The names of the files in shared memory that have the ring's prefix.
    var objects: [String] { Folder.names(in: RingName.folder).filter { $0.hasPrefix(ring.prefix.text) } }
}
