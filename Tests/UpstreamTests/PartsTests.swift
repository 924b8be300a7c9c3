import Linux
import SharedFrame
import Testing

@testable import Upstream

@Suite("Clock estimate and status parser")
struct PartsTests {
    @Test("the clock offset is computed from the fastest response")
    func clockOffset() {
        var clock = ClockOffset()
        #expect(clock.nanoseconds == nil)
        clock.add(upstream: 5_000_900_000_000, asked: 1_000_000_000_000, answered: 1_001_000_000_000)
        clock.add(upstream: 5_002_000_500_000, asked: 1_002_000_000_000, answered: 1_002_001_000_000)
        clock.add(upstream: 5_003_700_000_000, asked: 1_003_000_000_000, answered: 1_003_800_000_000)
        #expect(clock.nanoseconds == 4_000_000_000_000)
    }

    @Test("after a clock step, the next response corrects the offset")
    func clockStep() {
        var clock = ClockOffset()
        clock.add(upstream: 5_000_000_500_000, asked: 1_000_000_000_000, answered: 1_000_001_000_000)
        clock.add(upstream: 9_001_002_000_000, asked: 1_001_000_000_000, answered: 1_001_004_000_000)
        #expect(clock.nanoseconds == 8_000_000_000_000)
    }

    @Test(
        "after a clock step, the next picture corrects the offset; a late picture is not mistaken for a step",
        arguments: [-3600, 3600])
    func clockStepOfPictures(seconds: Int) throws {
        let second: UInt64 = 1_000_000_000
        let step = seconds * 1_000_000_000
        var clock = ClockOffset()
        clock.add(upstream: 9000 * second + 500_000, asked: 5000 * second, answered: 5000 * second + 1_000_000)
        clock.follow(pictureOf: 9001 * second, arrived: 5001 * second, at: Instant(nanoseconds: 1 * second))
        // One picture arrives ten seconds late, and the next one arrives on time again.
        clock.follow(pictureOf: 9002 * second, arrived: 5012 * second, at: Instant(nanoseconds: 2 * second))
        clock.follow(pictureOf: 9013 * second, arrived: 5013 * second, at: Instant(nanoseconds: 3 * second))
        #expect(clock.nanoseconds == 4_000_000_000_000)
        // The upstream's clock is stepped.
        let set = UInt64(Int(9014 * second) + step)
        clock.follow(pictureOf: set, arrived: 5014 * second, at: Instant(nanoseconds: 4 * second))
        #expect(clock.nanoseconds == 4_000_000_000_000 + Int64(step))
        // This machine's clock is stepped by the same amount.
        clock.follow(
            pictureOf: set + second, arrived: UInt64(Int(5015 * second) + step), at: Instant(nanoseconds: 5 * second))
        #expect(clock.nanoseconds == 4_000_000_000_000)
        // Extreme numbers do not cause a crash.
        clock.follow(pictureOf: .max, arrived: 0, at: Instant(nanoseconds: 6 * second))
        clock.follow(pictureOf: 0, arrived: .max, at: Instant(nanoseconds: 7 * second))
        clock.follow(pictureOf: .max, arrived: 0, at: .distantPast)
    }

    @Test("no time of an upstream's clock crashes the estimate")
    func anyClock() {
        let now: UInt64 = 1_790_000_000_000_000_000
        var clock = ClockOffset()
        for upstream: UInt64 in [.max, 0, 9_900_000_000_000_000_000, 0, .max] {
            clock.add(upstream: upstream, asked: now, answered: now + 1_000_000)
            _ = clock.add(pictureOf: upstream, arrived: now)
        }
        #expect(clock.nanoseconds != nil)
    }

    @Test("without responses, the clock offset is computed from the picture with the shortest delay")
    func clockOfPictures() {
        var clock = ClockOffset()
        for (picture, arrival) in [(1, 50), (34, 70), (67, 140)] as [(UInt64, UInt64)] {
            #expect(clock.add(pictureOf: picture * 1_000_000, arrived: arrival * 1_000_000) == .fits)
        }
        #expect(clock.nanoseconds == -36_000_000)
    }

    @Test("no mutation of a status crashes its parser")
    func randomJSON() {
        var generator = SystemRandomNumberGenerator()
        let document = Array(#"{"now": 1.5, "cameras": [{"camera": "main", "state": "live", "online": true}]}"#.utf8)
        for _ in 0..<5000 {
            var bytes = document
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255) }
            _ = UpstreamStatus(Array(bytes.prefix(.random(in: 0...bytes.count))), camera: nil)
        }
    }

    @Test("a camera's status is found by its name, and without a name the first camera is used")
    func status() throws {
        let cameras = #"{"camera": "main", "state": "live", "online": true, "reason": "", "frame_id": 1763800000123}"#
        let door = #"{"camera": "door", "state": "no_signal", "online": false, "reason": "unplugged"}"#
        let text = Array(#"{"now": 1763812345.678901, "cameras": [\#(cameras), \#(door)]}"#.utf8)
        let first = try #require(UpstreamStatus(text, camera: nil))
        #expect(first.state == .live && first.isOnline && first.frameNumber == 1_763_800_000_123)
        #expect(first.now == 1_763_812_345_678_901_000)
        let second = try #require(UpstreamStatus(text, camera: "door"))
        #expect(second.state == .noSignal && !second.isOnline && second.reason == "unplugged")
        #expect(second.frameNumber == 0)
        #expect(UpstreamStatus(text, camera: "window") == nil)
    }

    @Test(
        "a camera that is live but not online is stalled, and an unknown state is an error",
        arguments: ["live", "unheard-of"])
    func stalled(state: String) {
        let text = #"{"now": 1, "camera": "main", "state": "\#(state)", "online": false}"#
        let status = UpstreamStatus(Array(text.utf8), camera: "main")
        #expect(status?.state == (state == "live" ? .stalled : .error))
    }

    @Test("impossible frame numbers are ignored", arguments: ["-1", "1e300", "1.5", "\"7\""])
    func oddNumbers(number: String) {
        let text = #"{"now": 1, "camera": "main", "state": "live", "online": true, "frame_id": \#(number)}"#
        #expect(UpstreamStatus(Array(text.utf8), camera: nil)?.frameNumber == 0)
    }
}
