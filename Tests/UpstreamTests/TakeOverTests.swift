import Linux
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("Several relays of one upstream", .timeLimit(.minutes(5)))
struct TakeOverTests {
    @Test("one relay fetches pictures, and the other waits and takes over when the first one stops")
    func takesOver() throws {
        let server = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 100_000 * $0.index)) }
        let first = try Relay(server.url())
        let number = try first.nextFrame(after: 0).description.number
        let second = try Relay(server.url(), ring: first.ring)
        _ = try second.nextFrame(after: number + 20)
        #expect(server.connectionCount == 1)

        first.reader.stop()
        let frame = try second.nextFrame(after: 100_000)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        #expect(server.connectionCount == 2 && server.openCount(to: "/stream") == 1)
        try second.wait("the state live") { $0.state == .live && $0.isWriterAlive }
    }

    @Test("a relay that stands by can be stopped at once")
    func standByEnds() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let first = try Relay(server.url())
        let second = try Relay(server.url(), ring: first.ring)
        let began = Clock.monotonic
        second.reader.stop()
        #expect(Clock.monotonic - began < 500_000_000)
        let number = try first.nextFrame(after: 0).description.number
        _ = try first.nextFrame(after: number + 5)
    }

    @Test("a relay of another upstream reports whose ring it is, and the first relay continues undisturbed")
    func otherUpstream() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let first = try Relay(server.url())
        let number = try first.nextFrame(after: 0).description.number
        let second = try Relay(server.url("/other"), ring: first.ring)
        #expect(second.log.all.count == 1 && second.log.all[0].contains("a different source, \(server.url())"))
        // A process with both relays is not realistic: in it, the second relay's problem makes the ring unreadable.
        #expect(second.subscriber.refusal?.contains(server.url()) == true)
        #expect(server.connectionCount == 1)
        second.reader.stop()
        _ = try first.nextFrame(after: number + 20)
        #expect(server.connectionCount == 1)
    }
}
