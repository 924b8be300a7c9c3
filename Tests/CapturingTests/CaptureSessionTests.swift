import Daemon
import Glibc
import Linux
import Logging
import SharedFrame
import Synchronization
import SystemPackage
import TestSupport
import Testing
import TurboJPEG

@testable import Capturing

@Suite("CaptureSession", .timeLimit(.minutes(1)))
struct CaptureSessionTests {
    private let ring = TemporaryRing()
    private let source = ScriptedSource()
    private let log = RecordedLog()
    private let report: StateReport
    private var session: CaptureSession
    private let publisher: FramePublisher
    private let logger: Logger
    private let subscriber: FrameSubscriber
    private static let start = Instant(nanoseconds: 1_000_000_000_000_000)

    init() throws {
        publisher = try FramePublisher(ring.name, slotByteCount: 65536, source: source.description)
        let log = log
        logger = Logger(label: "test") { _ in log.handler }
        report = StateReport(publisher, ServiceNotifier(), logger)
        let source = source
        session = try CaptureSession(source, publisher, PictureOptions(framesPerSecond: 30), report, logger) {
            source.now
        }
        subscriber = try FrameSubscriber(ring.name)
    }

    /// Runs the session from `from` to `to`, in milliseconds of the test's own clock.
    ///
    /// Unless `tag` is nil, the source delivers a picture with this tag every `interval` milliseconds.
    private func live(_ from: Int, _ to: Int, tag: UInt8? = nil, interval: Int = 40) throws {
        try deliver(tag.map { SampleJPEG.bytes(tag: $0) }, from, to, interval: interval)
    }

    /// Runs the session from `from` to `to`, in milliseconds of the test's own clock.
    ///
    /// Unless `picture` is nil, the source delivers these bytes as a picture every `interval` milliseconds.
    private func deliver(_ picture: [UInt8]?, _ from: Int, _ to: Int, interval: Int = 40) throws {
        for time in stride(from: from, to: to, by: 20) {
            source.now = Self.start + .milliseconds(time)
            var events = CaptureSession.Events()
            if let picture, time.isMultiple(of: interval) {
                source.pictures = [picture]
                events.isReady = true
            }
            session.advance(at: source.now, events)
        }
    }

    private var openings: [Int] { source.openings.map { ($0 - Self.start).millisecondsRoundedUp } }

    @Test("another object under the ring's name is reported only once, and the ring returns when that object is gone")
    func takenName() throws {
        try live(0, 200, tag: 1)
        #expect(subscriber.copyNewestFrame() != nil)
        let path = ring.name.path
        File.remove(path)
        try systemCall("mkdir", path.string) { unsafe path.withPlatformString { unsafe mkdir($0, 0o700) } }
        defer { _ = unsafe path.withPlatformString { unsafe rmdir($0) } }
        // The session checks the ring once per second of the real clock, not of the test's own clock.
        var time = 200
        let isReported = try eventually(5) {
            try live(time, time + 300, tag: 2)
            time += 300
            return log.lines.contains { $0.contains("is not an Oriel frame ring") }
        }
        #expect(isReported, "\(log.lines)")
        #expect(report.state == .live)
        #expect(subscriber.copyNewestFrame()?.bytes == SampleJPEG.bytes(tag: 2))
        _ = unsafe path.withPlatformString { unsafe rmdir($0) }
        let isBack = try eventually(5) {
            try live(time, time + 300, tag: 3)
            time += 300
            return (try? FileStatus(at: path).kind) == .file
        }
        #expect(isBack)
        #expect(log.lines.count { $0.contains("is not an Oriel frame ring") } == 1)
    }

    @Test("the first picture makes the state live")
    func live() throws {
        try live(0, 100)
        #expect(report.state == .waiting)
        try live(100, 300, tag: 1)
        #expect(report.state == .live)
        #expect(report.reason == "")
        #expect(subscriber.copyNewestFrame()?.bytes == SampleJPEG.bytes(tag: 1))
        #expect(log.lines == ["notice: pictures come from /dev/video7 (Scripted, MJPG, 64x48 at 30 frames/s)"])
    }

    @Test("a missing camera is retried after 0.1 s, then at growing intervals, and logged once")
    func missing() throws {
        source.openError = SourceError(.waiting, "/dev/video7 does not exist: plug the camera in")
        try live(0, 10_000)
        #expect(report.state == .waiting)
        #expect(report.reason == "/dev/video7 does not exist: plug the camera in")
        #expect(openings == [0, 100, 300, 700, 1500, 3100, 5100, 7100, 9100])
        #expect(log.lines == ["warning: /dev/video7 does not exist: plug the camera in"])
    }

    @Test("a change of a video device in /dev triggers an attempt at once, and the intervals start over")
    func woken() throws {
        source.openError = SourceError(.waiting, "not there")
        try live(0, 3200)
        var events = CaptureSession.Events()
        events.changedNames = ["tty3"]
        source.now = Self.start + .milliseconds(3_200)
        session.advance(at: source.now, events)
        #expect(openings.last == 3100)
        events.changedNames = ["video7"]
        session.advance(at: source.now, events)
        #expect(openings.last == 3200)
        try live(3220, 3500)
        #expect(openings.suffix(2) == [3200, 3300])
    }

    @Test("a loss is reported at once, and the next picture makes the camera live again")
    func lossAndReturn() throws {
        try live(0, 500, tag: 1)
        source.loss = SourceError(.waiting, "gone")
        try live(520, 540, tag: 2, interval: 20)
        #expect(report.state == .waiting)
        #expect(report.reason == "gone")
        #expect(source.closings == 1)
        source.openError = SourceError(.waiting, "not there")
        source.loss = nil
        try live(540, 1000)
        source.openError = nil
        try live(1000, 3000, tag: 3)
        #expect(report.state == .live)
        #expect(subscriber.copyNewestFrame()?.bytes == SampleJPEG.bytes(tag: 3))
        #expect(log.lines.map { $0.prefix(9) } == ["notice: p", "warning: ", "warning: ", "notice: p"])
    }

    @Test("a camera that falls silent is stalled after two seconds, and reopened until it delivers again")
    func silence() throws {
        try live(0, 1000, tag: 1)
        try live(1000, 2900)
        #expect(report.state == .live)
        try live(2900, 3100)
        #expect(report.state == .stalled)
        try live(3100, 20_000)
        #expect(report.state == .stalled)
        #expect(openings.count > 2)
        try live(20_000, 26_000, tag: 2)
        #expect(report.state == .live)
        #expect(log.lines.count == 3)
    }

    @Test("a slow camera counts as stalled only after four of its frame intervals")
    func slow() throws {
        source.opened.framesPerSecond = 0.5
        try live(0, 20_000, tag: 1, interval: 2000)
        try live(20_000, 25_900)
        #expect(report.state == .live)
        try live(25_900, 26_300)
        #expect(report.state == .stalled)
    }

    @Test("a camera is not stalled if all of its pictures are dropped to limit the rate")
    mutating func thinned() throws {
        let source = source
        session = try CaptureSession(source, publisher, PictureOptions(framesPerSecond: 0.1), report, logger) {
            source.now
        }
        try live(0, 35_000, tag: 1)
        #expect(report.state == .live)
        #expect(source.openings.count == 1)
        #expect(try #require(subscriber.status).published == 4)
        try live(35_000, 37_500)
        #expect(report.state == .stalled)
    }

    @Test("pictures that cannot be shown are counted, and after the timeout the reason is reported")
    func refused() throws {
        try deliver([1, 2, 3], 0, 6000)
        #expect(report.state == .stalled)
        #expect(report.reason.contains("does not begin with a JPEG start marker"))
        #expect(try #require(subscriber.status).dropped[.noStart, default: 0] > 50)
        #expect(subscriber.copyNewestFrame() == nil)
    }

    @Test("a camera without a signal is reported with the state no_signal, whether or not it sends pictures")
    func noSignal() throws {
        try live(0, 1500, tag: 1)
        source.signalLoss = SourceError(.noSignal, "/dev/video7 has no signal")
        try live(1500, 3000, tag: 2)
        #expect(report.state == .noSignal)
        try live(3000, 20_000)
        #expect(report.state == .noSignal)
        source.signalLoss = nil
        try live(20_000, 26_000, tag: 3)
        #expect(report.state == .live)
        #expect(log.lines.count == 3)
    }

    @Test("a camera that delivers one picture and falls silent, again and again, does not fill the log")
    func flapping() throws {
        for round in 0..<200 {
            try live(round * 5000, round * 5000 + 400, tag: 1)
            try live(round * 5000 + 400, round * 5000 + 5000)
        }
        #expect(source.openings.count > 150)
        // The session runs for 1000 seconds of the test's own clock, which is less than two windows of ten minutes. In
        // each window, the session logs each of two messages at most ten times.
        #expect(log.lines.count <= 40)
        #expect(log.lines.count { $0.contains("suppressed for 10 minutes") } >= 2)
    }

    @Test("a descriptor with an error and nothing to read counts as the loss of the source, and causes no busy loop")
    func hungUp() throws {
        try live(0, 500, tag: 1)
        var events = CaptureSession.Events()
        events.isBroken = true
        source.now = Self.start + .milliseconds(520)
        session.advance(at: source.now, events)
        #expect(report.state == .waiting)
        #expect(!session.isOpen)
    }

    @Test("a request to reopen, as by SIGHUP, opens the source again, which may then choose another camera")
    func reopen() throws {
        try live(0, 500, tag: 1)
        var events = CaptureSession.Events()
        events.isReopenRequested = true
        source.now = Self.start + .milliseconds(500)
        session.advance(at: source.now, events)
        #expect(source.isForgotten)
        #expect(openings == [0, 500])
        #expect(report.state == .live)
    }

    @Test("a note that a source repeats at each opening is logged once")
    func notes() throws {
        source.opened.notes = ["/dev/video7 has no control 'zoom': choose one of brightness"]
        source.loss = SourceError(.waiting, "gone")
        try live(0, 2000, tag: 1)
        #expect(openings.count > 2)
        #expect(log.lines == ["warning: /dev/video7 has no control 'zoom': choose one of brightness", "warning: gone"])
    }

    @Test("in every state the session's deadline is within 250 ms, so that its heartbeat never stops")
    func heartbeat() throws {
        func check(_ time: Int) throws {
            source.now = Self.start + .milliseconds(time)
            session.advance(at: source.now)
            #expect(session.deadline > source.now)
            #expect(session.deadline <= source.now + .milliseconds(250))
        }
        source.openError = SourceError(.waiting, "not there")
        for time in stride(from: 0, to: 10_000, by: 50) { try check(time) }
        source.openError = nil
        for time in stride(from: 10_000, to: 20_000, by: 50) { try check(time) }
    }

    @Test("raw pictures that cannot be encoded are reported within three seconds, even if nobody watches")
    func refusedRaw() throws {
        // A line of 64 YUYV pixels needs 128 bytes, but the format says 64.
        source.raw = RawFormat(layout: .yuyv, width: 64, height: 48, bytesPerLine: 64)
        try deliver([UInt8](repeating: 1, count: 64 * 48), 0, 2900)
        #expect(report.state == .stalled)
        #expect(report.reason.contains("a line cannot have 64 bytes"))
        #expect(report.reason.hasSuffix("choose another --size or --format"))
        #expect(log.lines.count == 1)
    }

    @Test("a camera that can be opened but sends nothing is reported within three seconds and not closed yet")
    func mute() throws {
        try live(0, 2900)
        #expect(report.state == .stalled)
        #expect(report.reason.contains("sends no pictures"))
        #expect(source.closings == 0)
        try live(3000, 3300, tag: 1)
        #expect(report.state == .live)
        #expect(source.openings.count == 1)
    }
}
