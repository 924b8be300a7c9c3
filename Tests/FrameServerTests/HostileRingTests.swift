import EventLoop
import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing
import Web

@testable import Cameras
@testable import FrameServer
@testable import SharedFrame

/// A worker that reads a ring which another process has corrupted.
@Suite("A worker that reads a hostile ring", .timeLimit(.minutes(2)))
struct HostileRingTests {
    let ring = TemporaryRing()

    @Test("absurd times in a ring do not crash a worker")
    func times() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publish(publisher)
        publisher.setState(.live, reason: "")
        for offset in [RingLayout.Slot.published, RingLayout.Slot.captureMonotonic, RingLayout.Slot.captureRealtime] {
            for slot in 0..<8 { try overwrite(RingLayout.headerByteCount + slot * 8192 + offset, .max) }
        }
        let server = try TestServer(ring)
        for state in [CameraState.live, .stopped, .error] {
            publisher.setState(state, reason: "a test")
            for target in ["/snapshot", "/snapshot?max_age=1", "/snapshot?offline=picture", "/status", "/metrics"] {
                let answer = try server.get(target)
                #expect([200, 503].contains(answer.status), "\(target) \(state)")
            }
        }
        #expect(try server.get("/status/main").status == 200)
    }

    @Test("a frame number without a slot does not cause a busy loop")
    func falseNumber() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publish(publisher)
        try overwrite(RingLayout.Header.newestNumber, 5)
        let loop = try EventLoop()
        let watch = try PictureWatch(id: 1, ring.name, .original, Mailbox(loop.signal), after: nil)
        watch.want([Framing.standard], interval: Duration.zero)
        try watch.start()
        #expect(eventually(60) { watch.take().picture != nil })
        let first = watch.take().picture?.sequence ?? 0
        for _ in 0..<20 { Poll.wait([loop.signal.event.descriptor.number], milliseconds: 10) }
        Poll.wait([], milliseconds: 200)
        let last = watch.take().picture?.sequence ?? 0
        watch.stop()
        #expect(last <= first + 2)
    }

    private func publish(_ publisher: FramePublisher) throws {
        let bytes = [UInt8](repeating: 1, count: 100)
        _ = try bytes.withRawSpan { try publisher.publish($0, capture: .now(), width: 1, height: 1) }
    }

    private func overwrite(_ offset: Int, _ value: UInt64) throws {
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        var value = value
        try #require(unsafe pwrite(object.number, &value, 8, off_t(offset)) == 8)
    }
}
