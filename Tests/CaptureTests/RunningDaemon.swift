import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// The real capture-daemon, as this test run has built it, with a ring of its own.
final class RunningDaemon {
    static let program = FilePath(CommandLine.arguments[0]).removingLastComponent().appending("capture-daemon").string

    let ring: TemporaryRing
    let subscriber: FrameSubscriber
    let process: ChildProcess
    private let folder = TemporaryFolder()

    init(
        _ arguments: [String], environment: [String: String] = [:], ring: TemporaryRing = TemporaryRing()
    ) throws {
        self.ring = ring
        subscriber = try FrameSubscriber(ring.name)
        let all = environment.merging(["ORIEL_PREFIX": ring.prefix, "ORIEL_LOG_LEVEL": "", "JOURNAL_STREAM": ""]) { $1 }
        process = try ChildProcess(
            [Self.program] + arguments, environment: all, output: folder.path.appending("log"))
    }

    /// What it has logged so far, a line each, without the time.
    var log: [String] {
        let text = (try? File.contents(of: folder.path.appending("log"))).map { String(decoding: $0, as: UTF8.self) }
        return (text ?? "").split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
        }
    }

    /// Waits until the ring says `state`; its status then.
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

    /// Ends it as systemd and people do.
    func stop(_ signal: CInt = SIGTERM) -> ChildProcess.Ending? {
        process.signal(signal)
        return process.wait(seconds: 30)
    }

    /// What is in shared memory under its prefix.
    var objects: [String] { Folder.names(in: RingName.folder).filter { $0.hasPrefix(ring.prefix) } }
}
