import Linux
import Testing

@testable import Supervision

@Suite("Log messages about a part that keeps exiting")
struct ReportLimitTests {
    @Test("The same reason is logged once in ten minutes, even if times or process IDs in it differ")
    func once() {
        var limit = ReportLimit()
        let now = Instant(nanoseconds: 1 << 40)
        let texts = [
            ("12:00:01 has a writer, process 17", 0), ("12:00:02 has a writer, process 234", 1), ("no room", 2),
            ("no room", 601), ("no room", 602),
        ]
        let shown = texts.map { text, second in limit.shouldReport(text, now: now + .seconds(second)) }
        #expect(shown == [true, false, true, false, true])
    }

    @Test("Recovery is logged if messages were suppressed, and the next failure is logged again")
    func recovery() {
        var limit = ReportLimit()
        let now = Instant(nanoseconds: 1 << 40)
        let first = limit.shouldReport("no room", now: now)
        let isMentionedAtOnce = limit.reset()
        let second = limit.shouldReport("no room", now: now)
        let third = limit.shouldReport("no room", now: now)
        let isMentioned = limit.reset()
        let fourth = limit.shouldReport("no room", now: now)
        #expect([first, second, third, fourth] == [true, true, false, true])
        #expect(!isMentionedAtOnce && isMentioned)
    }
}
