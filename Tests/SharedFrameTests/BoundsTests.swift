import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

/// The values that readers get from a ring whose fields contain arbitrary numbers.
@Suite("Values that readers get from a ring with arbitrary fields", .timeLimit(.minutes(3)))
struct BoundsTests {
    private let seed = Seed()

    @Test(
        "whatever number a field contains, readers get a value within the bounds of that field",
        arguments: RingName.Kind.allCases)
    func extremes(kind: RingName.Kind) throws {
        let ring = TemporaryRing(kind: kind)
        let publisher = try FramePublisher(ring.name, slotCount: 3, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        for value: UInt8 in 1...3 { try publisher.publish([value], capture: .now(), width: 1, height: 1) }
        publisher.setState(.live, reason: "")
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        var random = seed.generator
        // Leave out the geometry, which is read only when the ring is opened. Readers read all other fields repeatedly.
        let header = Array(stride(from: 48, to: 448, by: 4)) + Array(stride(from: 512, to: 1248, by: 92))
        let slots = (0..<3).flatMap { slot in stride(from: 0, to: 64, by: 4).map { 4096 + slot * 8192 + $0 } }
        for offset in header + slots {
            var original: UInt64 = 0
            try #require(unsafe pread(object.number, &original, 8, off_t(offset)) == 8)
            for value in [0, 1, .max, 1 << 63, UInt64(Int64.max), 1 << 52, random.next()] {
                for width in [4, 8] {
                    var value = value
                    try #require(unsafe pwrite(object.number, &value, width, off_t(offset)) == width)
                    check(subscriber, kind, "at offset \(offset), \(width) bytes were set to \(value), \(seed)")
                    try #require(unsafe pwrite(object.number, &original, 8, off_t(offset)) == 8)
                }
            }
        }
    }

    /// Calls all methods of a subscriber, and checks that the values that they return are within bounds.
    private func check(_ subscriber: FrameSubscriber, _ kind: RingName.Kind, _ context: Comment) {
        let frame = subscriber.copyNewestFrame()
        if let frame { check(frame.description, kind, context) }
        if let found = subscriber.copyFrame(number: frame?.description.number ?? 1) {
            check(found.description, kind, context)
        }
        if case .frame(let number) = subscriber.wait(newerThan: 0, timeout: .zero) {
            #expect(number > 0 && number < RingLayout.numberLimit, context)
        }
        _ = subscriber.recentStatus
        guard let status = subscriber.status else { return }
        if let newest = status.newest { check(newest, kind, context) }
        #expect((0...65535).contains(status.width) && (0...65535).contains(status.height), context)
        #expect((0...1e6).contains(status.framesPerSecondAsked), context)
        #expect((0...1e6).contains(status.framesPerSecondMeasured), context)
        #expect(!Int64(Clock.realtime).addingReportingOverflow(status.clockOffset).overflow, context)
        #expect(Int64(Clock.realtime) + status.clockOffset >= 0, context)
        // Each counter is limited, so that the sum of all counters cannot overflow.
        let counters =
            [status.captured, status.published, status.bytes, status.encodedFrames, status.encodeNanoseconds]
            + status.dropped.values
        #expect(counters.allSatisfy { $0 <= 1 << 58 }, context)
    }

    private func check(_ frame: FrameDescription, _ kind: RingName.Kind, _ context: Comment) {
        #expect(frame.number < RingLayout.numberLimit, context)
        #expect(frame.published <= Clock.monotonic, context)
        #expect(frame.capture.monotonic <= frame.published, context)
        #expect(frame.capture.realtime <= (kind == .capture ? Clock.realtime : UInt64(Int64.max)), context)
        #expect((0...65535).contains(frame.width) && (0...65535).contains(frame.height), context)
        #expect((1...8192).contains(frame.byteCount), context)
    }
}
