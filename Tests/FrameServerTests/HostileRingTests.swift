import EventLoop
import Glibc
import Linux
import MotionJPEG
import SystemPackage
import TestSupport
import Testing

@testable import FrameServer
@testable import SharedFrame

/// What a worker makes of a ring in which somebody else has written.
@Suite("A hostile ring under a worker", .timeLimit(.minutes(2)))
struct HostileRingTests {
    let ring = TemporaryRing()

    @Test("times beyond all clocks are no crash, and no age below zero")
    func times() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publish(publisher)
        publisher.setState(.live, reason: "")
        for offset in [RingLayout.Slot.published, RingLayout.Slot.captureMonotonic, RingLayout.Slot.captureRealtime] {
            for slot in 0..<8 { try overwrite(RingLayout.headerByteCount + slot * 8192 + offset, .max) }
        }
        let subscriber = try FrameSubscriber(ring.name)
        let status = try #require(subscriber.status)
        try #require(status.newest.map { $0.published <= Clock.monotonic } == true)
        #expect(Outage.hasFreshFrame(status, now: Clock.monotonic))
        let request = try SnapshotRequest(
            Query("max_age=1000"), ifNoneMatch: nil, isHeadOnly: false, now: Clock.monotonic)
        #expect(request.isSatisfied(by: status, now: Clock.monotonic))
    }

    @Test("a header whose number no slot has is shown once, not again and again")
    func falseNumber() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publish(publisher)
        try overwrite(RingLayout.Header.newestNumber, 5)
        let loop = try LoopSignal()
        let watcher = RingWatcher(try FrameSubscriber(ring.name), loop: loop, after: nil)
        watcher.want(FramingSet(.standard))
        let thread = try Thread("watcher") { watcher.run() }
        #expect(eventually(60) { watcher.take().picture != nil })
        let first = watcher.take().picture?.sequence ?? 0
        for _ in 0..<20 { Poll.wait([loop.event.descriptor.number], milliseconds: 10) }
        Poll.wait([], milliseconds: 200)
        let last = watcher.take().picture?.sequence ?? 0
        watcher.stop()
        thread.join()
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
