import Linux
import Testing

@testable import Capturing

@Suite("Rates")
struct RateTests {
    /// Returns how many frames a limit of `asked` frames a second admits, if a source delivers `source` frames a second
    /// for `seconds` seconds.
    ///
    /// Each frame is early or late by at most `jitter` times the source's frame interval.
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
        "frames are dropped so that exactly the requested rate is reached",
        arguments: [
            (30.0, 20.0), (30, 25), (30, 29), (30, 15), (30, 10), (60, 25), (25, 24), (30, 1), (29.97, 20), (120, 50),
        ])
    func thinning(source: Double, asked: Double) {
        #expect(abs(Double(admitted(source, to: asked)) - asked * 10) <= 1)
        #expect(abs(Double(admitted(source, to: asked, jitter: 0.2)) - asked * 10) <= 2)
    }

    @Test(
        "a source with the requested rate or a lower one loses no frame, with jitter or without",
        arguments: [30.0, 29.97, 15, 1])
    func noLoss(source: Double) {
        #expect(admitted(source, to: 30) == Int(source * 10))
        #expect(admitted(source, to: 30, jitter: 0.2) == Int(source * 10))
    }

    @Test("after a pause, or after the clock was set back, the next frame is admitted at once")
    func pause() {
        var limit = RateLimit(framesPerSecond: 10)
        let times: [UInt64] = [5_000, 5_010, 60_000, 60_010, 1_000, 1_010]
        let admitted = times.filter { limit.admits(Instant(nanoseconds: $0 * 1_000_000)) }
        #expect(admitted == [5_000, 60_000, 1_000])
    }

    @Test("a schedule stays on its regular times if it is called late, and skips the frames that it missed")
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
