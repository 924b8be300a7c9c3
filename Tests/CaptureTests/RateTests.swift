import Testing

@testable import Capture

@Suite("Rates")
struct RateTests {
    /// How many of the frames of `seconds` seconds at `source` frames a second pass, each up to `jitter` of an interval
    /// early or late.
    private func admitted(_ source: Double, to asked: Double, seconds: Double = 10, jitter: Double = 0) -> Int {
        var limit = RateLimit(framesPerSecond: asked)
        var generator = SystemRandomNumberGenerator()
        let interval = 1e9 / source
        return (0..<Int(source * seconds)).count { index in
            let shift = jitter == 0 ? 0 : Double.random(in: -jitter...jitter, using: &generator) * interval
            return limit.admits(UInt64(1e12 + Double(index) * interval + shift))
        }
    }

    @Test(
        "frames are thinned out by time to the very rate that was asked for",
        arguments: [
            (30.0, 20.0), (30, 25), (30, 29), (30, 15), (30, 10), (60, 25), (25, 24), (30, 1), (29.97, 20), (120, 50),
        ])
    func thinning(source: Double, asked: Double) {
        #expect(abs(Double(admitted(source, to: asked)) - asked * 10) <= 1)
        #expect(abs(Double(admitted(source, to: asked, jitter: 0.2)) - asked * 10) <= 2)
    }

    @Test(
        "a source at the rate asked for, or a slower one, loses nothing, jitter or not",
        arguments: [30.0, 29.97, 15, 1])
    func noLoss(source: Double) {
        #expect(admitted(source, to: 30) == Int(source * 10))
        #expect(admitted(source, to: 30, jitter: 0.2) == Int(source * 10))
    }

    @Test("after a pause, and after a clock that went back, frames go on at once")
    func pause() {
        var limit = RateLimit(framesPerSecond: 10)
        let times: [UInt64] = [5_000, 5_010, 60_000, 60_010, 1_000, 1_010]
        let admitted = times.filter { limit.admits($0 * 1_000_000) }
        #expect(admitted == [5_000, 60_000, 1_000])
    }

    @Test("the measured rate is that of the last frames, and 0 once they have ceased")
    func meter() {
        var meter = RateMeter()
        var rates = [meter.rate(at: 0)]
        for index in 0..<300 { meter.add(UInt64(index) * 40_000_000) }
        rates.append(meter.rate(at: 12_000_000_000))
        for index in 0..<61 { meter.add(12_000_000_000 + UInt64(index) * 100_000_000) }
        rates.append(meter.rate(at: 18_000_000_000))
        rates.append(meter.rate(at: 21_000_000_000))
        #expect(rates.map { ($0 * 100).rounded() } == [0, 2500, 1000, 0])
    }

    @Test("a source of one picture in four seconds is measured too")
    func slowMeter() {
        var meter = RateMeter()
        meter.add(0)
        meter.add(4_000_000_000)
        let rate = meter.rate(at: 5_000_000_000)
        #expect(abs(rate - 0.25) < 0.001)
    }

    @Test("a schedule keeps to its grid when it is served late, and leaves out what was missed")
    func schedule() {
        var schedule = FrameSchedule(framesPerSecond: 10)
        schedule.begin(at: 1_000_000_000)
        var taken: [Bool] = []
        var dues: [UInt64] = []
        for time: UInt64 in [1_000, 1_099, 1_130, 1_950, 1_999, 2_000] {
            taken.append(schedule.take(at: time * 1_000_000))
            dues.append(schedule.due / 1_000_000)
        }
        #expect(taken == [true, false, true, true, false, true])
        #expect(dues == [1_100, 1_100, 1_200, 2_000, 2_000, 2_100])
    }

    @Test("attempts come after 0.1 s, then ever later, at most 2 s apart, and soon again after a success")
    func backoff() {
        var backoff = Backoff()
        var waits = (0..<7).map { _ in backoff.next() / 1_000_000 }
        backoff.reset()
        waits.append(backoff.next() / 1_000_000)
        #expect(waits == [100, 200, 400, 800, 1600, 2000, 2000, 100])
    }
}
