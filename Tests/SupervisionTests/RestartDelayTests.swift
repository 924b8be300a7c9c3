import Linux
import Supervision
import Testing

@Suite("The delay before a restart")
struct RestartDelayTests {
    @Test("The delay doubles from 0.1 s and stays below five seconds")
    func doubling() {
        var delay = RestartDelay()
        let waits = (0..<10).map { _ in delay.next(after: .zero) }
        #expect(waits.prefix(6).map(\.millisecondsRoundedUp) == [100, 200, 400, 800, 1600, 3200])
        #expect(waits.suffix(4).allSatisfy { $0 == RestartDelay.maximum })
        #expect(RestartDelay.maximum < .seconds(5))
    }

    @Test("The delay is reset once a part has run for ten seconds")
    func recovery() {
        var delay = RestartDelay()
        for _ in 0..<8 { _ = delay.next(after: .seconds(9)) }
        #expect(delay.next(after: .seconds(10)) == RestartDelay.minimum)
        #expect(delay.failures == 1)
    }
}
