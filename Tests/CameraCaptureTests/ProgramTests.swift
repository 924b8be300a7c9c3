import Glibc
import Linux
import MotionJPEG
import SharedFrame
import TestSupport
import Testing
import TurboJPEG

@testable import CameraCapture

@Suite("capture-daemon", .timeLimit(.minutes(3)))
struct ProgramTests {
    @Test("the synthetic camera delivers complete pictures of the requested size, with increasing numbers and times")
    func pattern() throws {
        let daemon = try RunningDaemon(["--device", "pattern", "--size", "320x240", "--fps", "20"])
        daemon.subscriber.takeInterest()
        var last = try daemon.frame()
        for _ in 0..<5 {
            let frame = try daemon.frame(after: last.description.number)
            #expect(frame.description.capture.monotonic > last.description.capture.monotonic)
            let info = try frame.bytes.withRawSpan { (span) throws(JPEGDefect) in try JPEG.inspect(span) }
            #expect((info.width, info.height, info.byteCount) == (320, 240, frame.bytes.count))
            #expect(frame.bytes != last.bytes)
            last = frame
        }
        let status = try daemon.status(.live)
        #expect(status.source.kind == "pattern")
        #expect((status.width, status.height) == (320, 240))
        #expect(status.framesPerSecondAsked == 20)
    }

    @Test("the synthetic camera encodes one picture a second until somebody watches, then all pictures")
    func demand() throws {
        let daemon = try RunningDaemon(["--device", "pattern", "--size", "320x240"])
        let first = try daemon.frame()
        let start = Clock.monotonic
        _ = try daemon.frame(after: first.description.number + 2)
        #expect(Clock.monotonic - start > 2_000_000_000)
        daemon.subscriber.takeInterest()
        let before = try #require(daemon.subscriber.status)
        _ = try daemon.frame(after: first.description.number + 20)
        let after = try #require(daemon.subscriber.status)
        // The daemon dropped pictures before the viewer came, and at most one more picture afterwards.
        #expect(before.dropped[.unwatched, default: 0] > 5)
        #expect(after.dropped[.unwatched, default: 0] <= before.dropped[.unwatched, default: 0] + 1)
    }

    @Test(
        "on SIGTERM or SIGINT the daemon exits with status 0 and leaves nothing in shared memory",
        arguments: [SIGTERM, SIGINT])
    func stop(signal: CInt) throws {
        let daemon = try RunningDaemon(["--device", "pattern", "--size", "64x64"])
        _ = try daemon.frame()
        #expect(daemon.objects.count == 1)
        #expect(daemon.stop(signal) == 0)
        #expect(daemon.objects.isEmpty)
        #expect(daemon.subscriber.status?.state != .live)
    }

    @Test("a crash terminates the daemon by its signal, without a backtrace", arguments: [SIGSEGV, SIGABRT, SIGILL])
    func crash(signal: CInt) throws {
        let daemon = try RunningDaemon(
            ["--device", "pattern", "--size", "64x64"], environment: ["SWIFT_BACKTRACE": ""])
        _ = try daemon.frame()
        #expect(daemon.stop(signal) == -signal)
        #expect(!daemon.log.contains { $0.contains("Backtrac") || $0.contains("crashed") }, "\(daemon.log)")
    }

    @Test("SIGHUP reopens the source, and the pictures continue")
    func hangUp() throws {
        let daemon = try RunningDaemon(["--device", "pattern", "--size", "64x64"])
        daemon.subscriber.takeInterest()
        let frame = try daemon.frame()
        daemon.process.send(SIGHUP)
        _ = try daemon.frame(after: frame.description.number + 10)
        #expect(daemon.stop() == 0)
    }

    @Test("a second daemon for the same camera is refused, and the first one continues")
    func second() throws {
        let first = try RunningDaemon(["--device", "pattern", "--size", "64x64"])
        first.subscriber.takeInterest()
        let frame = try first.frame()
        let second = try RunningDaemon(["--device", "pattern", "--size", "64x64"], ring: first.ring)
        #expect(second.process.wait(milliseconds: 30_000) == 69)
        let sentence = try #require(second.log.first)
        #expect(sentence.contains("camera main already has a writer, process \(first.process.processIdentifier)"))
        _ = try first.frame(after: frame.description.number + 5)
        #expect(try #require(first.subscriber.status).restarts == 0)
    }

    @Test("after kill -9 the next daemon takes over the ring, and the numbers increase")
    func killed() throws {
        let ring = TemporaryRing()
        let first = try RunningDaemon(["--device", "pattern", "--size", "64x64"], ring: ring)
        first.subscriber.takeInterest()
        let before = try first.frame(after: try first.frame().description.number + 5)
        #expect(first.stop(SIGKILL) == -SIGKILL)
        let second = try RunningDaemon(["--device", "pattern", "--size", "64x64"], ring: ring)
        // The subscriber that read the first daemon's pictures gets the second daemon's without being reopened.
        var after = before
        let came = eventually(30) {
            after = first.subscriber.copyNewestFrame() ?? before
            return after.description.number > before.description.number + 10
        }
        #expect(came)
        #expect(try #require(second.subscriber.status).restarts == 1)
        #expect(second.stop() == 0)
        #expect(second.objects.isEmpty)
    }

    @Test("a missing camera is reported as a state and logged once, and the daemon keeps running")
    func missing() throws {
        let daemon = try RunningDaemon(["--device", "/dev/video4095"])
        let sentence = "/dev/video4095 does not exist: plug the camera in or choose another --device"
        #expect(eventually(30) { daemon.subscriber.status?.reason == sentence })
        let status = try daemon.status(.waiting)
        #expect(status.isWriterAlive)
        // Wait two seconds, in which the daemon tries to open the camera several times.
        let start = Clock.monotonic
        #expect(eventually(30) { Clock.monotonic - start > 2_000_000_000 })
        #expect(daemon.process.isRunning)
        #expect(daemon.subscriber.status?.state == .waiting)
        #expect(daemon.log == ["warning capture-daemon: \(sentence)"])
        #expect(daemon.stop() == 0)
    }

    @Test("pictures turned by 90 degrees have width and height swapped, and partial blocks at the edge are dropped")
    func turned() throws {
        let daemon = try RunningDaemon([
            "--device", "pattern", "--size", "320x184", "--rotate", "90", "--flip", "vertical",
        ])
        #expect(try daemon.frame().description.width == 176)
        #expect(try daemon.frame().description.height == 320)
        #expect(daemon.log.count { $0.contains("320x184 without loss results in 176x320") } == 1)
    }

    @Test(
        "an invalid option causes a one-line error and status 64",
        arguments: [
            ["--size", "12"], ["--camera", "A"], ["--fps", "0"], ["--rotate", "45"], ["--flip", "up"],
            ["--control", "x"], ["--quality", "0"], ["--device", "nothing"], ["--wrong"], ["--timeout"],
            ["devices", "--x"], ["--prefix", "a.b"], ["--format", "x"], ["--warmup", "-1"], ["--slots", "1"],
            ["--subsampling", "444"],
        ])
    func wrongOptions(arguments: [String]) throws {
        let result = try RunningDaemon.run(arguments)
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("error: "))
        #expect(result.errors.count { $0 == "\n" } == 1)
    }

    @Test("a negative number is refused with the valid range")
    func negative() throws {
        let result = try RunningDaemon.run(["--fps", "-1"])
        #expect(result.status == 64)
        #expect(result.errors.contains("'-1'") && result.errors.contains("give a number from 0.1 to 240"))
    }

    @Test(
        "the version, the help and the list of devices are printed on standard output",
        arguments: ["--version", "--help", "devices"])
    func information(argument: String) throws {
        let result = try ChildProcess.run(RunningDaemon.program(), [argument])
        #expect(result.status == 0)
        #expect(!result.output.isEmpty)
    }

    @Test("systemd is notified of readiness, of the state and of stopping")
    func systemd() throws {
        let socket = try ReceivingSocket()
        let daemon = try RunningDaemon(
            ["--device", "pattern", "--size", "64x64"],
            environment: ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "200000"])
        var messages: [String] = []
        while messages.count < 6, let message = socket.receive(seconds: 30) { messages.append(message) }
        #expect(messages.first == "READY=1")
        let live = "STATUS=live: pattern (Synthetic camera, YU12, 64x64 at 30 frames/s)"
        #expect(messages.contains { $0.hasPrefix(live) })
        #expect(messages.contains("WATCHDOG=1"))
        #expect(daemon.stop() == 0)
        var last = ""
        while let message = socket.receive(seconds: 0.1) { last = message }
        #expect(last == "STOPPING=1")
    }

    @Test("the synthetic camera can deliver pictures of 24 megapixels")
    func large() throws {
        let daemon = try RunningDaemon(["--device", "pattern", "--size", "6016x4000", "--fps", "1"])
        let frame = try daemon.frame()
        #expect((frame.description.width, frame.description.height) == (6016, 4000))
    }
}
