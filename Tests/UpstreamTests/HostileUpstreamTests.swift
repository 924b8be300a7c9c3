import Linux
import MotionJPEG
import SharedFrame
import TestSupport
import Testing

@testable import Upstream

@Suite("Hostile and broken upstreams", .timeLimit(.minutes(5)))
struct HostileUpstreamTests {
    @Test("the reason that an upstream sends is shown as one line of printable text with at most 200 characters")
    func reason() throws {
        let text = #"\u001b[31mred\u0000 a\nb\u2028c \u202eevil\u200b "# + String(repeating: "é", count: 100_000)
        let json = #"{"now": 1, "camera": "main", "state": "error", "online": false, "reason": "\#(text)"}"#
        let reason = try #require(UpstreamStatus(Array(json.utf8), camera: nil)).reason
        #expect(reason.hasPrefix("[31mred a b c evil é"))
        #expect(reason.hasSuffix("é…"))
        #expect(reason.unicodeScalars.count == UntrustedText.maximumCount)
        #expect(UntrustedText.clean("The camera is unplugged.") == "The camera is unplugged.")
        #expect(UntrustedText.clean("a" + String(repeating: "\u{301}", count: 5000)).unicodeScalars.count == 200)
    }

    @Test("a Content-Type of any length and content is shown as one short line in the log and the ring")
    func contentType() throws {
        let server = try ScriptedServer { client in
            let type = "text/\u{1b}[31m\u{202e}" + String(repeating: "x", count: 40_000)
            client.send(Wire.answer("200 OK", type: type))
        }
        let relay = try Relay(server.url())
        let status = try relay.wait("the state error") { $0.state == .error }
        let lines = relay.log.all + [status.reason]
        #expect(lines.contains { $0.contains("text/[31mxxx") }, "\(lines)")
        for line in lines {
            #expect(line.unicodeScalars.count < 500)
            #expect(!line.unicodeScalars.contains { [.control, .format].contains($0.properties.generalCategory) })
        }
    }

    @Test("of a flood of pictures, at most 240 a second are published, and the others are counted as dropped")
    func flood() throws {
        let part = Wire.part(TestPicture(1, byteCount: 200))
        let burst = Array((0..<500).map { _ in part }.joined())
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            while client.send(burst) {}
        }
        let relay = try Relay(server.url())
        let first = try relay.nextFrame(after: 0).description
        let began = Clock.monotonic
        var last = first
        let end = Deadline(seconds: 3)
        while !end.isOver {
            last = try relay.nextFrame(after: last.number).description
            // Frame numbers must not exceed the Unix time in milliseconds by much, since the first number of a new ring
            // is that time.
            #expect(last.number <= Clock.realtime / 1_000_000 + 60)
            #expect(try #require(relay.subscriber.status).state == .live)
        }
        let seconds = Double(Clock.monotonic - began) / 1e9
        #expect(Double(last.number - first.number) <= 240 * seconds + 61)
        #expect(try #require(relay.subscriber.status).dropped[.rate, default: 0] > 100)
    }

    @Test("of a flood of empty parts, at most 240 a second are examined")
    func emptyParts() throws {
        let burst = Array(String(repeating: "Content-Type: image/jpeg\r\n\r\n\r\n--frame\r\n", count: 1000).utf8)
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            while client.send(burst) {}
        }
        let relay = try Relay(server.url())
        let began = Clock.monotonic
        let status = try relay.wait("2000 parts") { $0.captured > 2000 && Clock.monotonic - began > 2_000_000_000 }
        let seconds = Double(Clock.monotonic - began) / 1e9
        let looked = status.dropped[.empty, default: 0]
        #expect(looked > 0 && Double(looked) <= 240 * seconds + 61)
    }

    @Test("a burst of up to 60 pictures, as after a network delay, is published completely")
    func burst() {
        var budget = PictureBudget()
        let start = Instant(nanoseconds: 1_000_000_000_000)
        let burst = (0..<300).count { _ in budget.take(at: start) }
        #expect(burst == 60)
        let later = (0..<600).count { budget.take(at: start + .milliseconds($0 * 10)) }
        #expect(later > 590)
        let flood = (0..<100_000).count { budget.take(at: start + .seconds(100) + .microseconds($0 * 100)) }
        #expect((2400...2461).contains(flood))
    }

    /// Publishes a picture for each offset, and returns the ages of these pictures in milliseconds.
    ///
    /// Each picture arrives as soon as it is captured, but its timestamp is wrong by the offset, which is in seconds.
    private func ages(_ offsets: [Double]) throws -> [Double] {
        let ring = TemporaryRing(kind: .relay)
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let intake = PictureIntake(publisher)
        return try offsets.enumerated().map { index, offset in
            var headers = PartHeaders()
            headers.timestamp = UInt64(Double(Clock.realtime) + offset * 1e9)
            let outcome = TestPicture(index, byteCount: 300).bytes.withRawSpan { intake.take($0, headers) }
            #expect(outcome == .published)
            let frame = try #require(subscriber.copyNewestFrame()).description
            return Double(frame.published - frame.capture.monotonic) / 1e6
        }
    }

    @Test("one picture with a wrong timestamp does not make the others look old", arguments: [3600.0, -3600, 20, 1e9])
    func wrongTime(offset: Double) throws {
        var offsets = [Double](repeating: 0, count: PictureBudget.burst)
        offsets[0] = -0.05
        for index in [10, 30, 50] { offsets[index] = offset }
        #expect(try ages(offsets).allSatisfy { $0 < 2000 })
    }

    @Test("a clock step, forward or back, does not make pictures look old", arguments: [3600.0, -3600])
    func setClock(offset: Double) throws {
        let offsets = [Double](repeating: 0, count: 20) + [Double](repeating: offset, count: 20)
        #expect(try ages(offsets).allSatisfy { $0 < 2000 })
    }

    @Test("a clock that is set back by seconds does not make pictures look old", arguments: [1.0, 5, 14, 16, 100])
    func smallStep(seconds: Double) throws {
        let offsets = [Double](repeating: 0, count: 30) + [Double](repeating: -seconds, count: 30)
        #expect(try ages(offsets).allSatisfy { $0 < 500 })
    }

    @Test(
        "a clock that stands still does not make pictures look old",
        arguments: [0, 1, 1_700_000_000_000_000_000, UInt64.max])
    func standingClock(timestamp: UInt64) throws {
        let ring = TemporaryRing(kind: .relay)
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let intake = PictureIntake(publisher)
        for index in 0..<30 {
            var headers = PartHeaders()
            headers.timestamp = timestamp
            _ = TestPicture(index, byteCount: 300).bytes.withRawSpan { intake.take($0, headers) }
            let frame = try #require(subscriber.copyNewestFrame()).description
            #expect(frame.published - frame.capture.monotonic < 1_000_000_000)
            // Some readers compute the age with the clock offset. That age must be small too.
            let offset = try #require(subscriber.status).clockOffset
            let age = Int64(Clock.realtime) &+ offset &- Int64(clamping: frame.capture.realtime)
            #expect(timestamp == .max || abs(age) < 1_000_000_000)
            Poll.wait([], milliseconds: 40)
        }
    }

    @Test("computing a time before the clock's start results in 0")
    func newClock() {
        #expect(StatusPoller.time(.seconds(5), before: 3_000_000_000) == 0)
        #expect(StatusPoller.time(.seconds(1), before: 3_000_000_000) == 2_000_000_000)
        #expect(StatusPoller.time(.seconds(-1), before: 3_000_000_000) == 3_000_000_000)
    }
}
