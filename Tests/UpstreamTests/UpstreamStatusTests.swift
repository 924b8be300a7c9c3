import Linux
import SharedFrame
import Synchronization
import Testing
import TestSupport

@testable import Upstream

/// An upstream that acts like an Oriel server: it serves a stream, and a status that contains the camera's state.
private final class OrielServer: Sendable {
    struct State {
        var isOnline = true
        var state = "live"
        var reason = ""
        var frameNumber: UInt64 = 0
        var clockOffsetSeconds = 0.0
    }

    let server: ScriptedServer

    init(_ initial: State) throws {
        let box = Box(initial)
        server = try ScriptedServer { client in
            repeat {
                guard client.request?.path.hasPrefix("/status") == true else { return Self.stream(client, box) }
                client.send(Self.answer(box))
            } while client.readRequest() != nil
        }
        self.box = box
    }

    private let box: Box

    func change(_ body: (inout State) -> Void) { box.value.withLock { body(&$0) } }

    private final class Box: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }

    private static func answer(_ box: Box) -> String {
        let state = box.value.withLock { $0 }
        let now = Double(Clock.realtime) / 1e9 + state.clockOffsetSeconds
        let camera = """
            {"camera":"main","state":"\(state.state)","reason":"\(state.reason)","online":\(state.isOnline),\
            "frame_id":\(state.frameNumber == 0 ? "null" : "\(state.frameNumber)"),"fps":{"asked":25,"captured":24.9}}
            """
        return Wire.answer("200 OK", type: "application/json", "{\"now\": \(now), \"cameras\": [\(camera)]}")
    }

    /// Sends a picture every 10 ms while the camera is online.
    ///
    /// When the camera goes offline, sends an outage picture with the number of the last frame, as Oriel does.
    private static func stream(_ client: ScriptedClient, _ box: Box) {
        guard client.send(Wire.streamHeader) else { return }
        var wasOnline = true
        repeat {
            let state = box.value.withLock { state in
                if state.isOnline { state.frameNumber += 1 }
                return state
            }
            let time = Int((Double(Clock.realtime) / 1e9 + state.clockOffsetSeconds) * 1000)
            let text = "\(time / 1000).\(String(time % 1000 + 1000).dropFirst())000"
            if state.isOnline {
                client.send(
                    Wire.part(TestPicture(Int(state.frameNumber)), number: state.frameNumber, timestamp: text))
            } else if wasOnline {
                client.send(Wire.part(TestPicture(-1), number: state.frameNumber, timestamp: text))
            }
            wasOnline = state.isOnline
        } while client.pause(milliseconds: 10)
    }
}

@Suite("An Oriel server as the upstream", .timeLimit(.minutes(5)))
struct UpstreamStatusTests {
    @Test("if the upstream loses its camera, the relay reports that with the reason, and later that the camera is back")
    func mirrorsState() throws {
        let upstream = try OrielServer(.init(frameNumber: 1000))
        let relay = try Relay(upstream.server.url("/mjpeg"))
        _ = try relay.nextFrame(after: 1010)
        #expect(relay.subscriber.status?.state == .live)

        upstream.change {
            $0.isOnline = false
            $0.state = "no_signal"
            $0.reason = "The camera is unplugged."
        }
        let began = Clock.monotonic
        try relay.wait("the loss") { $0.state == .noSignal && $0.reason == "The camera is unplugged." }
        #expect(Clock.monotonic - began < 5_000_000_000)
        let last = try #require(relay.subscriber.copyNewestFrame())
        #expect(last.is(TestPicture(Int(last.description.number))), "the outage picture was published as a frame")

        // Even after the stall timeout the connection stays open, because the upstream reports why it is silent.
        let end = Clock.monotonic + 2_000_000_000
        try relay.eventually("the end of the two seconds") { Clock.monotonic > end ? true : nil }
        #expect(relay.subscriber.status?.state == .noSignal)
        #expect(upstream.server.connectionCount(to: "/mjpeg") == 1)

        upstream.change {
            $0.isOnline = true
            $0.state = "live"
            $0.reason = ""
        }
        let frame = try relay.nextFrame(after: last.description.number)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        try relay.wait("the state live") { $0.state == .live && $0.reason.isEmpty }
        #expect(upstream.server.connectionCount(to: "/mjpeg") == 1)
    }

    @Test("if the camera is offline from the start, the outage picture that the upstream sends is not published")
    func offlineFromStart() throws {
        let upstream = try OrielServer(.init(isOnline: false, state: "waiting", reason: "No camera yet."))
        let relay = try Relay(upstream.server.url("/mjpeg"))
        try relay.wait("the reason") { $0.state == .waiting && $0.reason == "No camera yet." }
        try relay.eventually("the stream") { upstream.server.openCount(to: "/mjpeg") == 1 ? true : nil }
        upstream.change {
            $0.isOnline = true
            $0.state = "live"
        }
        let frame = try relay.nextFrame(after: 0)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
    }

    @Test("while a camera is offline and nobody watches, the relay polls the status but does not open the stream")
    func offlineUnwatched() throws {
        let upstream = try OrielServer(.init(isOnline: false, state: "error", reason: "Broken."))
        let relay = try Relay(upstream.server.url("/mjpeg")) { $0.isAlwaysConnected = false }
        try relay.wait("the reason") { $0.state == .error && $0.reason == "Broken." }
        try relay.eventually("a status request") { upstream.server.connectionCount(to: "/status") > 0 ? true : nil }
        #expect(upstream.server.connectionCount(to: "/mjpeg") == 0)
        upstream.change {
            $0.isOnline = true
            $0.state = "live"
        }
        try relay.wait("the state idle") { $0.state == .idle }
    }

    @Test(
        "the offset of the upstream's clock is measured, so that the ages of pictures are right",
        arguments: [3600.0, -86_400.0, 0.0])
    func clockOffset(seconds: Double) throws {
        let upstream = try OrielServer(.init(frameNumber: 1, clockOffsetSeconds: seconds))
        let relay = try Relay(upstream.server.url("/mjpeg"))
        let frame = try relay.nextFrame(after: 20).description
        let status = try #require(relay.subscriber.status)
        #expect(abs(Double(status.clockOffset) / 1e9 - seconds) < 0.5)
        #expect(frame.published - frame.capture.monotonic < 1_000_000_000)
        let realtime = Double(frame.capture.realtime) / 1e9
        #expect(abs(realtime - seconds - Double(Clock.realtime) / 1e9) < 5)
        #expect(status.framesPerSecondAsked == 25)
    }

    @Test("while pictures arrive, only the stream's connection is open; connections for the status are short")
    func oneConnection() throws {
        let upstream = try OrielServer(.init(frameNumber: 1))
        let relay = try Relay(upstream.server.url("/mjpeg"))
        _ = try relay.nextFrame(after: 2)
        #expect(upstream.server.connectionCount == 1)
        try relay.eventually("a status request to measure the clock") {
            upstream.server.connectionCount > 1 ? true : nil
        }
        try relay.eventually("the end of that request") { upstream.server.openCount == 1 ? true : nil }
        #expect(upstream.server.openCount(to: "/mjpeg") == 1)
    }

    @Test("the status of a server that is not Oriel is requested only once")
    func foreign() throws {
        let server = try ScriptedServer { client in
            repeat {
                if client.request?.path == "/mjpeg/door" { return Wire.stream(client, from: 1) }
                client.send(Wire.answer("404 Not Found"))
            } while client.readRequest() != nil
        }
        let relay = try Relay(server.url("/mjpeg/door"))
        _ = try relay.nextFrame(after: 200)
        #expect(server.connectionCount(to: "/status/door") == 1)
        #expect(server.connectionCount == 1)
    }
}
