import Glibc
import Linux
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

/// Shared memory objects that have a ring's name, but whose content another program has written.
@Suite("A hostile ring", .timeLimit(.minutes(5)))
struct HostileRingTests {
    let ring = TemporaryRing()
    private let seed = Seed()

    @Test("a header of random bytes harms no reader, and a writer can take over the ring if its geometry is valid")
    func randomHeader() throws {
        var random = seed.generator
        for round in 0..<(isFull ? 5000 : 100) {
            // In the first round all fields are random. In later rounds, the identification and the geometry are valid.
            try writeObject(round == 0 ? .random : .randomBehindHead, &random)
            let subscriber = try FrameSubscriber(ring.name)
            read(subscriber, slotByteCount: 1 << 20)
            guard round > 0 else {
                #expect(subscriber.refusal?.contains("not an Oriel frame ring") == true)
                removeObject()
                continue
            }
            let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
            for value: UInt8 in 1...3 {
                let number = try publisher.publish([value], capture: .now(), width: 1, height: 1)
                #expect(number < 1 << 53, "\(seed)")
                let frame = subscriber.copyNewestFrame()
                #expect(frame?.bytes == [value], "\(seed)")
                #expect(frame?.description.number == number, "\(seed)")
            }
            #expect(subscriber.status?.isWriterAlive == true)
            publisher.stop(reason: "")
        }
    }

    @Test("a position that another program has overwritten is restored by the next frame")
    func overwrittenPosition() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        for value: UInt64 in [0, 1 << 40, 1 << 52, .max] {
            try overwrite(RingLayout.Header.position, value)
            let number = try publisher.publish([7], capture: .now(), width: 1, height: 1)
            let frame = subscriber.copyNewestFrame()
            #expect(frame?.bytes == [7], "\(value)")
            #expect(frame?.description.number == number, "\(value)")
        }
    }

    @Test("a ring marked as replaced that still has its name is refused; readers sleep until another ring appears")
    func falselySuperseded() throws {
        var random = seed.generator
        try writeObject(.empty, &random)
        try overwrite(RingLayout.Header.superseded, 1)
        let subscriber = try FrameSubscriber(ring.name)
        #expect(subscriber.copyNewestFrame() == nil)
        #expect(subscriber.refusal?.contains("not an Oriel frame ring") == true)
        #expect(subscriber.wait(newerThan: 0, milliseconds: 10) == .timedOut)
        removeObject()
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        try publisher.publish([7], capture: .now(), width: 1, height: 1)
        #expect(subscriber.copyNewestFrame()?.bytes == [7])
        // The reader must also sleep if a ring that it already reads is marked as replaced.
        try overwrite(RingLayout.Header.superseded, 1)
        let outcomes = (0..<20).map { _ in subscriber.wait(newerThan: publisher.newestNumber, milliseconds: 10) }
        #expect(outcomes.filter { $0 == .timedOut }.count >= 18)
    }

    @Test("if a writer is preempted while it changes its state, readers report no error and keep the previous state")
    func heldUp() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        publisher.setState(.live, reason: "")
        let subscriber = try FrameSubscriber(ring.name)
        let before = try #require(subscriber.status)
        try overwrite(RingLayout.Header.textSequence, 1)
        #expect(subscriber.status?.state == .live)
        #expect(subscriber.status?.source == before.source)
        // A new reader has no previous state. It reports the state as unknown, and does not wait for the writer.
        let newcomer = try FrameSubscriber(ring.name)
        #expect(newcomer.status?.isStateKnown == false)
        #expect(newcomer.status?.state == .waiting)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        #expect(newcomer.status?.state == .live)
        publisher.setState(.waiting, reason: "away")
        #expect(subscriber.status?.reason == "away")
        #expect(newcomer.status?.reason == "away")
        #expect(newcomer.status?.isStateKnown == true)
    }

    @Test("a writer that changes any byte at any moment and truncates the object harms no reader")
    func scribbler() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        for value: UInt8 in 1...8 { try publisher.publish([value], capture: .now(), width: 1, height: 1) }
        let byteCount = try Descriptor(opening: ring.name.path, flags: O_RDONLY).status().byteCount
        let (path, seed) = (ring.name.path, seed)
        let isOver = Atomic(false)
        let rounds = Atomic(0)
        let scribbler = try Thread("scribbler") {
            var random = seed.generator
            guard let object = try? Descriptor(opening: path, flags: O_RDWR) else { return }
            while !isOver.load(ordering: .acquiring) {
                rounds.add(1, ordering: .relaxed)
                // Change mostly the start of the header and of the slots, which readers use most.
                let place = Int.random(in: 0..<8, using: &random) * 4096
                let offset = place + Int.random(in: 0..<80, using: &random) * 4
                var value = [0, 1, .max, random.next() & 0xffff, random.next()].randomElement(using: &random) ?? 0
                if offset >= 64 || Int.random(in: 0..<50, using: &random) == 0 {
                    _ = unsafe pwrite(object.number, &value, 8, off_t(offset))
                }
                if Int.random(in: 0..<500, using: &random) == 0 {
                    _ = ftruncate(object.number, off_t(Int.random(in: 0..<byteCount, using: &random)))
                    Poll.wait([], milliseconds: 1)
                    _ = ftruncate(object.number, off_t(byteCount))
                }
            }
        }
        let subscriber = try FrameSubscriber(ring.name)
        let deadline = Deadline(seconds: isFull ? 60 : 3)
        while !deadline.isOver || rounds.load(ordering: .relaxed) < 2000 {
            read(subscriber, slotByteCount: 4096 + 4096)
        }
        isOver.store(true, ordering: .releasing)
        scribbler.join()
        // After the damaged object is removed, readers follow the ring of the next writer.
        publisher.stop(reason: "")
        removeObject()
        let next = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        try next.publish([42], capture: .now(), width: 1, height: 1)
        #expect(eventually(60) { subscriber.status != nil && subscriber.copyNewestFrame()?.bytes == [42] })
    }

    /// Calls all methods of a reader and checks that the results are consistent.
    private func read(_ subscriber: FrameSubscriber, slotByteCount: Int) {
        let number = subscriber.copyNewestFrame().map { frame in
            #expect(frame.bytes.count == frame.description.byteCount && frame.bytes.count <= slotByteCount, "\(seed)")
            return frame.description.number
        }
        _ = subscriber.copyFrame(number: number ?? 1)
        _ = subscriber.wait(newerThan: number ?? 0, milliseconds: 0)
        _ = subscriber.status
    }

    // MARK: The object

    private enum Content { case random, randomBehindHead, empty }

    /// Creates an object with the ring's name and the size of a ring of three slots.
    private func writeObject(_ content: Content, _ random: inout SeededGenerator) throws {
        // A writer takes over this object instead of replacing it, since the slots are as large as it requests.
        let geometry = RingGeometry(slotCount: 3, slotByteCount: 4096)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR | O_CREAT, mode: 0o640)
        try #require(ftruncate(object.number, off_t(geometry.byteCount)) == 0)
        let memory = RingMemory(
            mapping: try Mapping(object, byteCount: geometry.byteCount, access: .readWrite), geometry: geometry)
        if content != .empty {
            for offset in stride(from: 0, to: geometry.byteCount, by: 8) where offset % 4096 < 1280 {
                let value: UInt64 = [random.next(), 0, .max].randomElement(using: &random) ?? 0
                memory.store64(offset, value)
            }
        }
        if content != .random { memory.initialize(ring.name) }
    }

    private func overwrite(_ offset: Int, _ value: UInt64) throws {
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        var value = value
        try #require(unsafe pwrite(object.number, &value, 8, off_t(offset)) == 8)
    }

    private func removeObject() {
        _ = unsafe ring.name.path.withPlatformString { unsafe unlink($0) }
    }
}
