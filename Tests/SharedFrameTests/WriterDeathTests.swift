import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

/// A writer that is stopped or killed at any point, usually in the middle of a frame.
@Suite("A writer's death", .timeLimit(.minutes(5)))
struct WriterDeathTests {
    let ring = TemporaryRing()
    private let seed = Seed()

    @Test("killed at any moment, again and again: readers keep a whole frame, and numbers go on")
    func killed() throws {
        var random = seed.generator
        let subscriber = try FrameSubscriber(ring.name)
        subscriber.takeInterest()
        var last: UInt64 = 0
        var deathsWithinAFrame = 0
        let rounds = isFull ? 300 : 30
        for round in 1...rounds {
            let writer = try ringStress(["write", "--prefix", ring.prefix.text])
            defer { writer.end() }
            last = try waitForFrame(after: last, subscriber, writer)
            let reads = Int.random(in: 0..<20, using: &random)
            for _ in 0..<reads { last = try read(subscriber, notBefore: last) }
            writer.end()
            last = try read(subscriber, notBefore: last)
            #expect(subscriber.status?.state == .stopped, "round \(round), \(seed)")
            #expect(try read(subscriber, notBefore: last) == last, "a dead writer's newest frame stays, \(seed)")
            if try isWithinAFrame() { deathsWithinAFrame += 1 }
        }
        #expect(subscriber.status?.restarts == rounds - 1)
        // Otherwise the test proves nothing.
        #expect(deathsWithinAFrame > 0)
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        #expect(try !isWithinAFrame())
        #expect(try publisher.publish([1], capture: .now(), width: 1, height: 1) > last)
    }

    @Test("stopped in the middle of a frame and continued: readers keep the last frame, see the state, and go on")
    func stopped() throws {
        var random = seed.generator
        let subscriber = try FrameSubscriber(ring.name)
        subscriber.takeInterest()
        let writer = try ringStress(["write", "--prefix", ring.prefix.text])
        defer { writer.end() }
        var last: UInt64 = 0
        for round in 0..<20 {
            last = try waitForFrame(after: last, subscriber, writer)
            let reads = Int.random(in: 0..<10, using: &random)
            for _ in 0..<reads { last = try read(subscriber, notBefore: last) }
            writer.send(SIGSTOP)
            // A signal takes effect when the process next enters the kernel.
            try #require(try eventually(60) { try isStopped(writer) })
            last = try read(subscriber, notBefore: last)
            #expect(try read(subscriber, notBefore: last) == last, "a stopped writer's frame stays, \(seed)")
            if round == 0 {
                #expect(eventually(60) { subscriber.status?.state == .stalled })
                #expect(subscriber.status?.reason.hasSuffix("does not respond") == true)
                #expect(subscriber.status?.isWriterAlive == true)
            }
            writer.send(SIGCONT)
            last = try waitForFrame(after: last, subscriber, writer)
        }
        #expect(eventually(60) { subscriber.status?.state != .stalled })
        #expect(subscriber.status?.restarts == 0)
    }

    /// Checks that the newest frame is whole and not older than `number`; returns its number.
    private func read(_ subscriber: FrameSubscriber, notBefore number: UInt64) throws -> UInt64 {
        let read = subscriber.withNewestFrame { description, bytes in
            (description.number, Payload.isIntact(bytes, number: description.number))
        }
        let (newest, isIntact) = try #require(read, "a frame is there, \(seed)")
        #expect(isIntact, "frame \(newest) is whole, \(seed)")
        #expect(newest >= number, "numbers do not go back, \(seed)")
        return newest
    }

    private func waitForFrame(
        after number: UInt64, _ subscriber: FrameSubscriber, _ writer: ChildProcess
    ) throws -> UInt64 {
        let deadline = Deadline(seconds: 60)
        while !deadline.isOver {
            try #require(writer.isRunning)
            if case .frame(let newest) = subscriber.wait(newerThan: number, milliseconds: 1000), newest > number {
                return try read(subscriber, notBefore: newest)
            }
        }
        throw Missing(what: "a frame after \(number), \(seed)")
    }

    /// Whether the process is stopped by a signal (proc(5)).
    private func isStopped(_ process: ChildProcess) throws -> Bool {
        let text = String(
            decoding: try File.contents(of: FilePath("/proc/\(process.processIdentifier)/stat")), as: UTF8.self)
        return text.split(separator: ")").last?.split(separator: " ").first == "T"
    }

    /// Whether a slot is marked as being written.
    private func isWithinAFrame() throws -> Bool {
        let object = try Descriptor(opening: ring.name.path, flags: O_RDONLY)
        let memory = try RingMemory(
            opening: object, byteCount: object.status().byteCount, ring.name, access: .read)
        return (0..<memory.geometry.slotCount).contains {
            memory.load64(memory.geometry.offset(ofSlot: $0) + RingLayout.Slot.sequence) & 1 == 1
        }
    }
}
