import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("FramePublisher")
struct FramePublisherTests {
    let ring = TemporaryRing()

    @Test("a frame is read as it was written, with its number, times and size")
    func roundTrip() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 10_000, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let bytes = [UInt8](1...200)
        let capture = CaptureTime(monotonic: 12345, realtime: 67890)
        let number = try publisher.publish(bytes, capture: capture, width: 640, height: 480)
        let frame = try #require(subscriber.copyNewestFrame())
        #expect(frame.bytes == bytes)
        #expect(frame.description.number == number)
        #expect(frame.description.capture == capture)
        #expect((frame.description.width, frame.description.height) == (640, 480))
        #expect(frame.description.published > 0)
    }

    @Test("readers see the flags of each frame, and none that an earlier frame in the same slot had")
    func flags() throws {
        let publisher = try FramePublisher(ring.name, slotCount: 2, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        for flags in [[.results, .exact], [], [.results], [.results, .drawn], []] as [FrameFlags] {
            _ = try ([1] as [UInt8]).withRawSpan {
                try publisher.publish($0, capture: .now(), width: 1, height: 1, flags: flags)
            }
            #expect(subscriber.copyNewestFrame()?.description.flags == flags)
        }
    }

    @Test("numbers start at the Unix time in milliseconds and increase by one")
    func numbers() throws {
        let before = Clock.realtime / 1_000_000
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let first = try publisher.publish([1], capture: .now(), width: 1, height: 1)
        let second = try publisher.publish([2], capture: .now(), width: 1, height: 1)
        #expect(first >= before && first <= Clock.realtime / 1_000_000)
        #expect(second == first + 1)
    }

    @Test("a number that the caller passes is used if it is higher than the newest; numbers never decrease")
    func givenNumbers() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let high = publisher.newestNumber + 1000
        #expect(try publisher.publish([1], capture: .now(), width: 1, height: 1, number: high) == high)
        #expect(try publisher.publish([1], capture: .now(), width: 1, height: 1, number: 7) == high + 1)
    }

    @Test("nothing is published if the closure writes nothing or throws")
    func abandoned() throws {
        struct Refused: Error {}
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let number = try publisher.publish([42], capture: .now(), width: 1, height: 1)
        let nothing = try publisher.publish(capacity: 10, capture: .now(), width: 1, height: 1) { _ in 0 }
        #expect(nothing == nil)
        #expect(throws: Refused.self) {
            try publisher.publish(capacity: 10, capture: .now(), width: 1, height: 1) { _ in throw Refused() }
        }
        #expect(subscriber.copyNewestFrame()?.description.number == number)
        #expect(subscriber.copyNewestFrame()?.bytes == [42])
    }

    @Test("a second writer is refused with the process ID of the first, and the first one continues undisturbed")
    func secondWriter() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let error = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        }
        #expect(error?.exitStatus == EX_UNAVAILABLE)
        #expect(error?.description.contains("process \(getpid())") == true)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(try FrameSubscriber(ring.name).copyNewestFrame()?.bytes == [1])
    }

    @Test("after stop, the ring's name is gone; readers see the reason and can still read the last frame")
    func stop() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        try publisher.publish([9], capture: .now(), width: 1, height: 1)
        #expect(subscriber.copyNewestFrame() != nil)
        publisher.stop(reason: "it was asked to")
        #expect(RingName.existing(prefix: ring.prefix, kind: .capture).isEmpty)
        #expect(subscriber.status?.state == .stopped)
        #expect(subscriber.status?.reason == "it was asked to")
        #expect(subscriber.copyNewestFrame()?.bytes == [9])
    }

    @Test("a ring grows while it is read: readers miss no frame number, and the writer still sees their interest")
    func growth() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        subscriber.takeInterest()
        let small = try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(subscriber.wait(newerThan: 0, milliseconds: 1000) == .frame(small))
        let large = [UInt8](repeating: 7, count: 500_000)
        publisher.countCaptured()
        let number = try publisher.publish(large, capture: .now(), width: 2, height: 2)
        #expect(number == small + 1)
        #expect(subscriber.copyNewestFrame()?.bytes == large)
        #expect(subscriber.status?.captured == 1)
        #expect(subscriber.status?.published == 2)
        #expect(publisher.isWatched)
        subscriber.dropInterest()
    }

    @Test("a picture above the size limit is refused, and the ring does not change")
    func tooLarge() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(throws: RingError.self) {
            try publisher.publish(capacity: 100 << 20, capture: .now(), width: 1, height: 1) { _ in 1 }
        }
        #expect(try FrameSubscriber(ring.name).copyNewestFrame()?.bytes == [1])
    }

    @Test("a name that was removed is restored by a heartbeat, and readers follow the new ring")
    func removedName() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let first = try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(subscriber.copyNewestFrame() != nil)
        _ = unsafe ring.name.path.withPlatformString { unsafe unlink($0) }
        let deadline = Clock.monotonic + 10_000_000_000
        while RingName.existing(prefix: ring.prefix, kind: .capture).isEmpty, Clock.monotonic < deadline {
            try publisher.heartbeat()
        }
        try publisher.publish([2], capture: .now(), width: 1, height: 1)
        #expect(subscriber.wait(newerThan: first, milliseconds: 5000) != .timedOut)
        #expect(subscriber.copyNewestFrame()?.bytes == [2])
    }

    @Test("an object that is truncated while in use kills neither writer nor reader, and a heartbeat replaces it")
    func truncated() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        let first = try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(subscriber.copyNewestFrame() != nil)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        #expect(ftruncate(object.number, 0) == 0)
        #expect(subscriber.copyNewestFrame() == nil)
        _ = try? publisher.publish([2], capture: .now(), width: 1, height: 1)
        #expect(subscriber.copyNewestFrame() == nil)
        #expect(subscriber.refusal != nil)
        let deadline = Clock.monotonic + 10_000_000_000
        while try object.status().linkCount > 0, Clock.monotonic < deadline { try publisher.heartbeat() }
        let third = try publisher.publish([3], capture: .now(), width: 1, height: 1)
        #expect(third > first)
        #expect(subscriber.copyNewestFrame()?.bytes == [3])
        #expect(subscriber.refusal == nil)
    }

    @Test(
        "a truncated ring whose writer is dead is replaced by the next writer",
        arguments: [0, 48, 4096, 9000])
    func leftTruncated(byteCount: Int) throws {
        var bytes: [UInt8] = []
        do {
            let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
            try publisher.publish([1], capture: .now(), width: 1, height: 1)
            bytes = try File.contents(of: ring.name.path)
        }
        #expect(bytes.count > 9000)
        let left = try Descriptor(opening: ring.name.path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(left.number, $0.baseAddress, byteCount) }

        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        #expect(try left.status().linkCount == 0)
        try publisher.publish([2], capture: .now(), width: 1, height: 1)
        #expect(try FrameSubscriber(ring.name).copyNewestFrame()?.bytes == [2])
    }

    @Test("the writer sees whether any reader is interested, and interest ends when the reader is released")
    func interest() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        #expect(!publisher.isWatched)
        #expect(!publisher.waitForInterest(milliseconds: 1))
        do {
            let subscriber = try FrameSubscriber(ring.name)
            #expect(subscriber.status != nil)
            subscriber.takeInterest()
            #expect(publisher.isWatched)
            let other = try FrameSubscriber(ring.name)
            other.takeInterest()
            #expect(other.status != nil)
            subscriber.dropInterest()
            #expect(publisher.isWatched)
        }
        #expect(!publisher.isWatched)
    }

    @Test("an object that is not a ring, or is a ring of another version, is refused and not modified")
    func foreignObject() throws {
        for (content, word) in [
            ([UInt8](repeating: 5, count: 8192), "not an Oriel frame ring"), (otherVersion(), "version 7"),
        ] {
            let file = try Descriptor(opening: ring.name.path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            _ = unsafe content.withUnsafeBytes { unsafe write(file.number, $0.baseAddress, $0.count) }
            let error = #expect(throws: RingError.self) {
                _ = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
            }
            #expect(error?.exitStatus == EX_CONFIG)
            #expect(error?.description.contains(word) == true)
            let subscriber = try FrameSubscriber(ring.name)
            #expect(subscriber.copyNewestFrame() == nil)
            #expect(subscriber.refusal?.contains(word) == true)
            #expect(try file.status().byteCount == content.count)
            _ = unsafe ring.name.path.withPlatformString { unsafe unlink($0) }
        }
    }

    private func otherVersion() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8192)
        bytes.replaceSubrange(0..<9, with: Array("ORIELRNG".utf8) + [7])
        return bytes
    }
}

extension FramePublisher {
    @discardableResult
    func publish(
        _ bytes: [UInt8], capture: CaptureTime, width: Int, height: Int, number: UInt64? = nil
    ) throws -> UInt64 {
        try unsafe publish(bytes.span.bytes, capture: capture, width: width, height: height, number: number)
    }
}
