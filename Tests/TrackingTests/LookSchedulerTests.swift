import Linux
import Testing

@testable import Tracking

@Suite("The look scheduler")
struct LookSchedulerTests {
    private static let beginning = Instant(nanoseconds: 1_000_000_000)

    /// Simulates, in virtual time, one detector thread and cameras that always want the detector to look at them.
    ///
    /// - Parameters:
    ///   - cameras: The number of busy cameras.
    ///   - rate: The rate that each camera asks for, in looks per second.
    ///   - cost: The time that each look takes.
    ///   - seconds: The simulated time.
    ///   - rechecks: The number of additional cameras, in whose pictures nothing moves.
    /// - Returns: The scheduler, the number of looks at each busy and at each additional camera in the second half of
    ///   the simulated time, and the moment at which the simulated time ends.
    private func run(
        cameras: Int, rate: Double, cost: Duration, seconds: Double = 40, rechecks: Int = 0
    ) -> (scheduler: LookScheduler, looks: [Int], rechecks: [Int], end: Instant) {
        var scheduler = LookScheduler(threads: 1)
        var time = Self.beginning
        let end = time + Duration(inSeconds: seconds)
        for camera in 0..<(cameras + rechecks) { scheduler.setRate(rate, of: "\(camera)", at: time) }
        var looks = [Int](repeating: 0, count: cameras + rechecks)
        while time < end {
            for camera in 0..<(cameras + rechecks) { scheduler.want("\(camera)", isBusy: camera < cameras, at: time) }
            if let camera = scheduler.next(at: time) {
                time = time + cost
                scheduler.finish(camera, cost: cost, at: time)
                if (time - Self.beginning).inSeconds > seconds / 2 { looks[Int(camera) ?? 0] += 1 }
            } else {
                // Wait for the next picture of a camera, or for the next look that is due.
                time = max(time + .milliseconds(1), min(scheduler.nextDue(at: time) ?? time, time + .milliseconds(5)))
            }
        }
        return (scheduler, Array(looks[..<cameras]), Array(looks[cameras...]), end)
    }

    @Test("gives 15 busy cameras the five looks per second that each asks for, because the allowed load suffices")
    func enough() throws {
        let result = run(cameras: 15, rate: 5, cost: .microseconds(10_200))
        #expect(result.looks.allSatisfy { $0 >= 95 && $0 <= 101 }, "looks in 20 s: \(result.looks)")
        #expect(result.scheduler.factor(at: result.end) == 1)
        let report = try #require(result.scheduler.report(on: "7", at: result.end))
        #expect(report.asked == 5)
        #expect(report.achieved >= 4.75 && report.achieved <= 5.2)
        #expect(report.skipped == 0)
    }

    @Test("reduces the rates of 25 cameras equally if together they ask for more than the allowed load")
    func shrunk() throws {
        let result = run(cameras: 25, rate: 5, cost: .microseconds(10_200))
        let rates = result.looks.map { Double($0) / 20 }
        let mean = rates.reduce(0, +) / 25
        #expect(rates.allSatisfy { $0 >= 2.5 && abs($0 / mean - 1) <= 0.1 }, "rates: \(rates)")
        // The looks must use 80 % of one thread, since the default load is 0.8.
        #expect(abs(mean * 25 * 0.0102 - 0.8) < 0.03, "the looks used \(mean * 25 * 0.0102) of a thread")
        let report = try #require(result.scheduler.report(on: "0", at: result.end))
        #expect(report.asked == 5 && report.achieved < 3.5)
    }

    @Test("rechecks cameras without motion even if others are busy, and this hardly slows down the busy cameras")
    func rechecks() {
        let result = run(cameras: 25, rate: 5, cost: .microseconds(10_200), rechecks: 2)
        #expect(result.rechecks.allSatisfy { $0 >= 10 }, "rechecks in 20 s: \(result.rechecks)")
        #expect(result.looks.allSatisfy { $0 >= 50 }, "looks in 20 s: \(result.looks)")
        // The looks at the busy cameras need more than one thread. A recheck still runs once it has waited too long.
        let full = run(cameras: 60, rate: 5, cost: .microseconds(20_000), rechecks: 1)
        #expect(full.rechecks[0] >= 1)
    }

    @Test("looks about once per second at each camera with motion, even if this exceeds the allowed load")
    func floor() {
        let result = run(cameras: 60, rate: 5, cost: .microseconds(16_000))
        #expect(result.looks.allSatisfy { $0 >= 18 }, "looks in 20 s: \(result.looks)")
    }

    @Test("chooses the camera that is most overdue for its rate, and cameras with motion before rechecks")
    func overdue() {
        var scheduler = LookScheduler(threads: 1)
        let time = Self.beginning
        for (camera, rate) in [("slow", 1.0), ("fast", 10), ("still", 10)] {
            scheduler.setRate(rate, of: camera, at: time)
        }
        for camera in ["slow", "fast", "still"] { scheduler.want(camera, isBusy: camera != "still", at: time) }
        // After 300 ms, the fast camera has waited for three of its intervals, and the slow camera for 0.3 intervals.
        let later = time + .milliseconds(300)
        #expect((0..<4).map { _ in scheduler.next(at: later) } == ["fast", "slow", "still", nil])
    }

    @Test("counts the looks that were due but were skipped")
    func skipped() {
        var scheduler = LookScheduler(threads: 1)
        scheduler.setRate(10, of: "door", at: Self.beginning)
        scheduler.want("door", isBusy: true, at: Self.beginning)
        #expect(scheduler.next(at: Self.beginning + .milliseconds(350)) == "door")
        #expect(scheduler.report(on: "door", at: Self.beginning + .milliseconds(350))?.skipped == 3)
    }

    @Test("does not count the time in which a camera wanted no look as a delay")
    func rest() {
        var scheduler = LookScheduler(threads: 1)
        let later = Self.beginning + .seconds(60)
        scheduler.setRate(5, of: "door", at: Self.beginning)
        scheduler.rest("door")
        #expect(scheduler.next(at: later) == nil)
        scheduler.want("door", isBusy: true, at: later)
        #expect(scheduler.nextDue(at: later).map { $0 <= later && $0 > later - .milliseconds(10) } == true)
        #expect(scheduler.next(at: later) == "door")
        #expect(scheduler.report(on: "door", at: later)?.skipped == 0)
    }

    @Test("lets a look begin early if that is allowed, but does not exceed the rate on average")
    func earliness() {
        var scheduler = LookScheduler(threads: 1, earliness: 0.5)
        scheduler.setRate(5, of: "door", at: Self.beginning)
        // Frames come every 80 ms, and looks are due every 200 ms.
        var looks = 0
        for frame in 0..<125 {
            let time = Self.beginning + .milliseconds(80 * frame)
            scheduler.want("door", isBusy: true, at: time)
            let isDue = scheduler.isDue("door", at: time)
            #expect((scheduler.next(at: time) == "door") == isDue)
            guard isDue else { continue }
            looks += 1
            scheduler.finish("door", cost: .milliseconds(10), at: time)
        }
        #expect((49...51).contains(looks), "\(looks) looks in 10 s")
        #expect(!LookScheduler(threads: 1).isDue("door", at: Self.beginning))
    }

    @Test("removes a camera whose rate is set to 0")
    func removed() {
        var scheduler = LookScheduler(threads: 1)
        scheduler.setRate(5, of: "door", at: Self.beginning)
        scheduler.want("door", isBusy: true, at: Self.beginning)
        scheduler.setRate(0, of: "door", at: Self.beginning)
        #expect(scheduler.next(at: Self.beginning) == nil)
        #expect(scheduler.report(on: "door", at: Self.beginning) == nil)
        #expect(scheduler.nextDue(at: Self.beginning) == nil)
    }
}
