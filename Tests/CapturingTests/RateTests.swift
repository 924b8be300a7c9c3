import Linux
import Testing

@testable import Capturing

@Suite("Rates")
struct RateTests {
    /// The number of frames that pass, of `seconds` seconds at `source` frames a second, each up to `jitter` of an
    /// interval early or late.
    private func admitted(_ source: Double, to asked: Double, seconds: Double = 10, jitter: Double = 0) -> Int {
        var limit = RateLimit(framesPerSecond: asked)
        var generator = SystemRandomNumberGenerator()
        let interval = 1e9 / source
        return (0..<Int(source * seconds)).count { index in
            let shift = jitter == 0 ? 0 : Double.random(in: -jitter...jitter, using: &generator) * interval
            return limit.admits(Instant(nanoseconds: UInt64(1e12 + Double(index) * interval + shift)))
        }
    }

    @Test(
        "frames are dropped by time to reach exactly the requested rate",
        arguments: [
            (30.0, 20.0), (30, 25), (30, 29), (30, 15), (30, 10), (60, 25), (25, 24), (30, 1), (29.97, 20), (120, 50),
        ])
    func thinning(source: Double, asked: Double) {
        #expect(abs(Double(admitted(source, to: asked)) - asked * 10) <= 1)
        #expect(abs(Double(admitted(source, to: asked, jitter: 0.2)) - asked * 10) <= 2)
    }

    @Test(
        "a source at the requested rate, or a slower one, loses nothing, with jitter or without",
        arguments: [30.0, 29.97, 15, 1])
    func noLoss(source: Double) {
        #expect(admitted(source, to: 30) == Int(source * 10))
        #expect(admitted(source, to: 30, jitter: 0.2) == Int(source * 10))
    }

    @Test("after a pause, and after a clock was set back, frames go on at once")
    func pause() {
        var limit = RateLimit(framesPerSecond: 10)
        let times: [UInt64] = [5_000, 5_010, 60_000, 60_010, 1_000, 1_010]
        let admitted = times.filter { limit.admits(Instant(nanoseconds: $0 * 1_000_000)) }
        #expect(admitted == [5_000, 60_000, 1_000])
    }

    @Test("a schedule keeps to its grid when it is called late, and skips what was missed")
    func schedule() {
        var schedule = FrameSchedule(framesPerSecond: 10)
        schedule.begin(at: Instant(nanoseconds: 1_000_000_000))
        var taken: [Bool] = []
        var dues: [UInt64] = []
        for time: UInt64 in [1_000, 1_099, 1_130, 1_950, 1_999, 2_000] {
            taken.append(schedule.take(at: Instant(nanoseconds: time * 1_000_000)))
            dues.append(schedule.due.nanoseconds / 1_000_000)
        }
        #expect(taken == [true, false, true, true, false, true])
        #expect(dues == [1_100, 1_100, 1_200, 2_000, 2_000, 2_100])
    }
}
