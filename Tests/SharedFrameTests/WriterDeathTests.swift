import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

/// A writer that is stopped or killed at a random moment, usually in the middle of a frame.
@Suite("Stopped and killed writers", .timeLimit(.minutes(5)))
struct WriterDeathTests {
    let ring = TemporaryRing()
    private let seed = Seed()

    @Test("when writers are killed at any moment, readers keep a complete frame, and numbers keep increasing")
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
            #expect(
                try read(subscriber, notBefore: last) == last, "the newest frame of a dead writer has changed, \(seed)")
            if try isWithinAFrame() { deathsWithinAFrame += 1 }
        }
        #expect(subscriber.status?.restarts == rounds - 1)
        // If no writer had died in the middle of a frame, the test would prove nothing.
        #expect(deathsWithinAFrame > 0)
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        #expect(try !isWithinAFrame())
        #expect(try publisher.publish([1], capture: .now(), width: 1, height: 1) > last)
    }

    @Test("while a writer is stopped in the middle of a frame, readers keep the last frame and see that it hangs")
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
            // SIGSTOP takes effect only when the process next enters the kernel, so wait until the process has stopped.
            try #require(try eventually(60) { try isStopped(writer) })
            last = try read(subscriber, notBefore: last)
            #expect(
                try read(subscriber, notBefore: last) == last,
                "the newest frame of a stopped writer has changed, \(seed)")
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

    /// Checks that the newest frame is complete and not older than `number`.
    ///
    /// Returns the number of the newest frame.
    private func read(_ subscriber: FrameSubscriber, notBefore number: UInt64) throws -> UInt64 {
        let read = subscriber.withNewestFrame { description, bytes in
            (description.number, Payload.isIntact(bytes, number: description.number))
        }
        let (newest, isIntact) = try #require(read, "there is no frame, \(seed)")
        #expect(isIntact, "frame \(newest) is torn, \(seed)")
        #expect(newest >= number, "frame numbers decreased, \(seed)")
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
        throw Missing(what: "a frame newer than frame \(number), \(seed)")
    }

    /// Whether the process is stopped, that is, has the state T in /proc (proc(5)).
    private func isStopped(_ process: ChildProcess) throws -> Bool {
        let text = String(
            decoding: try File.contents(of: FilePath("/proc/\(process.processIdentifier)/stat")), as: UTF8.self)
        return text.split(separator: ")").last?.split(separator: " ").first == "T"
    }

    /// Whether the ring marks any slot as being written.
    private func isWithinAFrame() throws -> Bool {
        let object = try Descriptor(opening: ring.name.path, flags: O_RDONLY)
        let memory = try RingMemory(
            opening: object, byteCount: object.status().byteCount, ring.name, access: .read)
        return (0..<memory.geometry.slotCount).contains {
            memory.load64(memory.geometry.offset(ofSlot: $0) + RingLayout.Slot.sequence) & 1 == 1
        }
    }
}
