import Linux
import Pacing
import Testing

@Suite("Pacing")
struct PacingTests {
    private func moment(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1) + .milliseconds(milliseconds) }

    @Test("the backoff doubles up to the maximum and restarts after a success")
    func backoff() {
        var backoff = Backoff(first: .milliseconds(100), maximum: .seconds(2))
        var waits = (0..<7).map { _ in backoff.next() }
        backoff.reset()
        waits.append(backoff.next())
        #expect(waits == [100, 200, 400, 800, 1600, 2000, 2000, 100].map { .milliseconds($0) })
    }

    @Test("with jitter, each pause is longer or shorter by a random amount, at most the given fraction of the pause")
    func jitter() {
        var waits: Set<Duration> = []
        for _ in 0..<100 {
            var backoff = Backoff(first: .milliseconds(250), maximum: .seconds(10), jitter: 0.2)
            for expected in [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
                let wait = backoff.next()
                #expect(wait >= .milliseconds(expected * 8 / 10) && wait <= .milliseconds(expected * 12 / 10))
                if expected == 250 { waits.insert(wait) }
            }
        }
        #expect(waits.count > 10)
    }

    @Test("each message is written up to ten times in ten minutes, the last time with a note that more are suppressed")
    func eachMessage() {
        var limit = LogLimit<String>(.eachMessage)
        var verdicts = (0..<12).map { limit.verdict(on: "a", at: moment($0)) }
        #expect(verdicts == Array(repeating: .write, count: 9) + [.writeLast, .drop, .drop])
        #expect(limit.verdict(on: "b", at: moment(20)) == .write)
        verdicts = [599_999, 600_000].map { limit.verdict(on: "a", at: moment($0)) }
        #expect(verdicts == [.drop, .write])
    }

    @Test("all messages together may have ten lines in ten minutes, and none is repeated within the minimum interval")
    func allMessages() {
        var limit = LogLimit<Int>(.allMessages, minimumInterval: .seconds(60))
        #expect([0, 1, 59_999, 60_000].map { limit.verdict(on: 0, at: moment($0)) } == [.write, .drop, .drop, .write])
        let verdicts = (1...10).map { limit.verdict(on: $0, at: moment(61_000)) }
        #expect(verdicts == Array(repeating: .write, count: 7) + [.writeLast, .drop, .drop])
        #expect(limit.verdict(on: 1, at: moment(600_000)) == .write)
    }

    @Test("the measured rate is the rate of the most recent frames, and becomes 0 some time after the last frame")
    func meter() {
        var meter = RateMeter()
        var rates = [meter.rate(at: moment(0))]
        for index in 0..<300 { meter.add(moment(index * 40)) }
        rates.append(meter.rate(at: moment(12_000)))
        for index in 0..<61 { meter.add(moment(12_000 + index * 100)) }
        rates.append(meter.rate(at: moment(18_000)))
        rates.append(meter.rate(at: moment(21_000)))
        #expect(rates.map { ($0 * 100).rounded() } == [0, 2500, 1000, 0])
    }

    @Test("a rate of one picture every four seconds is measured")
    func slowMeter() {
        var meter = RateMeter()
        meter.add(moment(0))
        meter.add(moment(4_000))
        #expect(abs(meter.rate(at: moment(5_000)) - 0.25) < 0.001)
    }

    @Test("extreme times do not crash the meter or the limit")
    func anyTimes() {
        var meter = RateMeter()
        for time in [Instant.distantFuture, .distantPast, moment(1), .distantFuture] {
            meter.add(time)
            _ = meter.rate(at: moment(0))
            _ = meter.rate(at: .distantFuture)
        }
        var limit = LogLimit<Int>(.allMessages, minimumInterval: .seconds(60))
        for time in [Instant.distantFuture, .distantPast, .distantFuture] { _ = limit.verdict(on: 0, at: time) }
    }
}
