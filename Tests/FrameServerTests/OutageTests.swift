import Cameras
import Linux
import MotionJPEG
import SharedFrame
import TestSupport
import Testing

@Suite("Outage")
struct OutageTests {
    @Test(
        "a stream without a ring shows a picture that states the problem, and live frames once the ring appears",
        .timeLimit(.minutes(1))
    )
    func noRing() throws {
        let server = try TestServer()
        let client = try server.stream()
        let picture = try #require(try client.part())
        #expect(picture.headers["x-oriel-offline"] == "capture-daemon is not running")
        #expect(picture.number == 0)
        let info = try picture.body.withRawSpan { try JPEG.inspect($0) }
        #expect((info.width, info.height) == (1280, 720))
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let live = try #require(try client.part())
        #expect(live.headers["x-oriel-offline"] == nil)
        #expect(live.body == camera.bytes(of: try #require(live.number)))
    }

    @Test(
        "an unreadable ring is a final outage, because a request cannot make it readable",
        arguments: RingName.Kind.allCases)
    func unreadable(_ kind: RingName.Kind) throws {
        let outage = try #require(Outage.final(nil, refusal: "it belongs to another user", kind: kind, now: .now))
        #expect(outage.message == "it belongs to another user")
        // The state "stopped" would mean that a program is not running.
        #expect(outage.state == "error")
        // A relay connects if somebody requests pictures, so a missing ring may appear.
        #expect((Outage.final(nil, refusal: nil, kind: kind, now: .now) == nil) == kind.respondsToDemand)
    }

    @Test(
        "viewers see the reason for an outage in a picture that has the size and number of the last frame",
        .timeLimit(.minutes(1)),
        arguments: [CameraState.waiting, .noSignal, .stalled, .error])
    func reason(_ state: CameraState) throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let clients = [try server.stream(), try server.stream("/mjpeg?advance_headers=1")]
        #expect(try clients[0].part() != nil)
        camera.setRate(0)
        let last = camera.publish()
        camera.setState(state, "the cable is out")
        let began = Clock.monotonic
        var part = try #require(try clients[0].part())
        while part.headers["x-oriel-offline"] == nil { part = try #require(try clients[0].part()) }
        // The worker shows an outage after 0.7 s. The rest of the five seconds is a margin for a busy machine.
        #expect(Clock.monotonic - began < 5_000_000_000)
        #expect(part.headers["x-oriel-offline"] == "the cable is out")
        #expect(part.number == last)
        let info = try part.body.withRawSpan { try JPEG.inspect($0) }
        #expect((info.width, info.height) == (64, 48))

        camera.setState(.live, "")
        let next = camera.publish()
        let live = try #require(try clients[0].part())
        #expect(live.number == next)
        #expect(live.body == camera.bytes(of: next))
        // The other viewer gets part headers in advance. After the frame, it therefore receives the end of the part
        // (11 bytes) and the next part's header (28 bytes).
        let bytes = try #require(camera.bytes(of: next))
        var output: [UInt8] = []
        #expect(
            try eventually {
                try clients[1].readWhileComing(milliseconds: 20)
                output += clients[1].takeOutput()
                return output.count > bytes.count + 37
                    && Array(output.dropLast(11 + 28).suffix(bytes.count)) == bytes
            })
    }

    @Test(
        "if a camera stops sending pictures without an error, viewers see that it sends no pictures",
        .timeLimit(.minutes(1)))
    func silence() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let client = try server.stream()
        #expect(try client.part() != nil)
        camera.setRate(0)
        var part = try #require(try client.part())
        while part.headers["x-oriel-offline"] == nil { part = try #require(try client.part()) }
        #expect(part.headers["x-oriel-offline"] == "the camera sends no pictures")
        let next = camera.publish()
        #expect(try client.part()?.number == next)
    }

    @Test(
        "streams survive a restart of the daemon", .timeLimit(.minutes(1)))
    func daemonRestart() throws {
        let server = try TestServer()
        var camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let client = try server.stream()
        let first = try #require(try client.part()?.number)
        camera.end()
        var part = try #require(try client.part())
        while part.headers["x-oriel-offline"] == nil { part = try #require(try client.part()) }
        #expect(part.headers["x-oriel-offline"] == "the test has stopped the camera")
        camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let live = try #require(try client.part())
        #expect(try #require(live.number) > first)
        #expect(live.body == camera.bytes(of: try #require(live.number)))
    }

    @Test("soon after its last viewer has left, a camera is no longer marked as watched", .timeLimit(.minutes(1)))
    func interest() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        #expect(!camera.isWatched)
        do {
            let client = try server.stream()
            #expect(try client.part() != nil)
            #expect(eventually { camera.isWatched })
        }
        #expect(eventually { !camera.isWatched })
        let again = try server.stream()
        let part = try #require(try again.part())
        #expect(part.body == camera.bytes(of: try #require(part.number)))
        #expect(eventually { camera.isWatched })
    }

    @Test("a new viewer does not get a stale frame as if it were live", .timeLimit(.minutes(1)))
    func oldFrame() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        camera.publish()
        let age = Clock.monotonic + 2_100_000_000
        #expect(eventually { Clock.monotonic > age })
        for _ in 0..<2 {
            let part = try #require(try server.stream().part())
            #expect(part.headers["x-oriel-offline"] == "the camera sends no pictures")
            // Let the next viewer connect only after the camera is no longer marked as watched.
            #expect(eventually { !camera.isWatched })
        }
    }
}
