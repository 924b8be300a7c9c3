import Linux
import SharedFrame
import TestSupport
import Testing

/// Sets each field of a ring to extreme values while a worker serves that ring.
@Suite("Extreme values in a ring that a worker serves", .timeLimit(.minutes(5)))
struct HostileFieldTests {
    @Test("whatever value a field of the header or of a slot has, the worker answers requests for every address")
    func extremes() throws {
        let ring = TemporaryRing()
        let publisher = try FramePublisher(ring.name, slotCount: 2, slotByteCount: 4096, source: .test)
        let server = try TestServer(ring)
        func publish(_ tag: UInt8) {
            _ = try? SampleJPEG.bytes(tag: tag).withRawSpan {
                try publisher.publish($0, capture: .now(), width: 64, height: 48)
            }
            publisher.setState(.live, reason: "")
        }
        publish(1)
        try OverwrittenRing(ring.name.path).forEachExtreme { what in
            for target in ["/snapshot", "/snapshot?width=32", "/status", "/status/main", "/metrics", "/healthz"] {
                let answer = try server.get(target)
                #expect([200, 503].contains(answer.status), "\(target), \(what): \(answer.status)")
            }
        } restored: { what in
            // Publish a valid frame, so that the requests below and in the next round need not wait for a frame.
            publish(2)
            let answer = try server.get("/snapshot")
            #expect(answer.status == 200, "after \(what)")
        }
        #expect(try server.get("/status/main").status == 200)
    }
}
