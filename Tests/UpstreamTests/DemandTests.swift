import Linux
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("Connecting on demand", .timeLimit(.minutes(5)))
struct DemandTests {
    @Test("if nobody watches, the relay connects once to check that the upstream responds, and is then idle")
    func idle() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        let status = try relay.wait("the relay to be idle") { $0.state == .idle }
        #expect(status.reason.isEmpty && status.newest != nil)
        try relay.eventually("the connection to be closed") { server.openCount(to: "/stream") == 0 ? true : nil }
        #expect(server.connectionCount == 1)
    }

    @Test("if nobody watches, the relay retries only until the upstream has responded once")
    func idleAfterFailure() throws {
        let server = try ScriptedServer { client in
            if client.index < 2 { client.send(Wire.answer("503 Busy")) } else { Wire.stream(client, from: 1) }
        }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        try relay.wait("the reason with status 503") { $0.reason.contains("(503)") }
        try relay.wait("the relay to be idle") { $0.state == .idle }
        #expect(server.connectionCount == 3)
    }

    @Test("any number of viewers share one connection, which is closed after the last one has left")
    func watched() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        try relay.wait("the relay to be idle") { $0.state == .idle }
        let others = try (1...20).map { _ in try FrameSubscriber(relay.ring.name) }
        for subscriber in others + [relay.subscriber] { subscriber.takeInterest() }
        let number = try relay.nextFrame(after: relay.subscriber.status?.newest?.number ?? 0).description.number
        _ = try relay.nextFrame(after: number + 20)
        #expect(server.connectionCount == 2 && server.openCount(to: "/stream") == 1)

        for subscriber in others { subscriber.dropInterest() }
        _ = try relay.nextFrame(after: relay.subscriber.status?.newest?.number ?? 0)
        #expect(server.openCount(to: "/stream") == 1)
        relay.subscriber.dropInterest()
        try relay.wait("the relay to be idle") { $0.state == .idle }
        try relay.eventually("the connection to be closed") { server.openCount(to: "/stream") == 0 ? true : nil }
        #expect(server.connectionCount == 2)
    }

    @Test("the connection stays open for a while after the last viewer has left, and a new viewer uses it")
    func lingers() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try Relay(server.url()) {
            $0.isAlwaysConnected = false
            $0.linger = .seconds(20)
        }
        try relay.wait("the relay to be idle") { $0.state == .idle }
        for _ in 1...3 {
            relay.subscriber.takeInterest()
            _ = try relay.nextFrame(after: (relay.subscriber.status?.newest?.number ?? 0) + 20)
            relay.subscriber.dropInterest()
        }
        #expect(server.connectionCount == 2)
        #expect(relay.subscriber.status?.state == .live)
    }

    @Test("a viewer's arrival ends the pause after a failure, and the relay retries at once")
    func arrivalEndsPause() throws {
        let server = try ScriptedServer { client in
            if client.index < 6 { client.send(Wire.answer("503 Busy")) } else { Wire.stream(client, from: 1) }
        }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        // The pause after the sixth failure is longer than six seconds.
        try relay.eventually("the sixth failure") { server.connectionCount == 6 ? true : nil }
        try relay.wait("the state waiting") { $0.state == .waiting }
        let began = Clock.monotonic
        relay.subscriber.takeInterest()
        _ = try relay.nextFrame(after: 0)
        #expect(Clock.monotonic - began < 5_000_000_000)
    }

    @Test("an upstream that died while idle is reported as soon as somebody watches")
    func diedWhileIdle() throws {
        let server = try ScriptedServer { client in
            if client.index == 0 { Wire.stream(client, from: 1) } else { client.waitForClose() }
        }
        let relay = try Relay(server.url()) {
            $0.isAlwaysConnected = false
            $0.stallTimeout = .seconds(15)
        }
        try relay.wait("the relay to be idle") { $0.state == .idle }
        relay.subscriber.takeInterest()
        try relay.wait("the state waiting") { $0.state == .waiting && $0.reason.contains("Connecting") }
    }

    @Test("with --always, the relay stays connected even if nobody watches")
    func always() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try Relay(server.url())
        _ = try relay.nextFrame(after: 200)
        #expect(server.connectionCount == 1 && server.openCount(to: "/stream") == 1)
        #expect(relay.subscriber.status?.state == .live)
    }
}
