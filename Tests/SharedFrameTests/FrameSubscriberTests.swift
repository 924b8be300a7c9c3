import Glibc
import Linux
import Names
import SharedFrame
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("FrameSubscriber", .timeLimit(.minutes(2)))
struct FrameSubscriberTests {
    let ring = TemporaryRing()

    @Test("a subscriber waits for a ring that does not exist yet")
    func ringComesLater() throws {
        let name = ring.name
        let subscriber = try FrameSubscriber(name)
        #expect(subscriber.status == nil)
        #expect(subscriber.wait(newerThan: 0, milliseconds: 1) == .timedOut)
        let released = Atomic(false)
        let writer = try Thread("writer") {
            guard let publisher = try? FramePublisher(name, slotByteCount: 100, source: .test) else { return }
            _ = try? publisher.publish([1], capture: .now(), width: 1, height: 1)
            while !released.load(ordering: .acquiring) { _ = publisher.waitForInterest(milliseconds: 5) }
        }
        var outcome = FrameSubscriber.Outcome.timedOut
        repeat { outcome = subscriber.wait(newerThan: 0, milliseconds: 30_000) } while outcome == .changed
        guard case .frame = outcome else { throw Missing(what: "a frame; the wait ended with \(outcome)") }
        released.store(true, ordering: .releasing)
        writer.join()
    }

    @Test("after a writer has stopped, readers see the status of the next writer, even if no thread waits on the ring")
    func statusFollows() throws {
        let first = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        first.setState(.live, reason: "")
        #expect(subscriber.status?.state == .live)
        first.stop(reason: "the first one")
        #expect(subscriber.status?.reason == "the first one")
        let second = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        second.setState(.waiting, reason: "the second one")
        #expect(subscriber.status?.reason == "the second one")
    }

    @Test("recentStatus includes every frame and state that the writer has published")
    func recentStatusFollows() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        for value in 0..<200 {
            let number = try publisher.publish([UInt8(value)], capture: .now(), width: 1, height: 1)
            #expect(subscriber.recentStatus?.newest?.number == number)
            #expect(subscriber.recentStatus?.newest?.number == number)
        }
        publisher.setState(.stalled, reason: "no picture")
        #expect(subscriber.recentStatus?.reason == "no picture")
        publisher.stop(reason: "stopped")
        #expect(subscriber.recentStatus?.state == .stopped)
    }

    @Test("a late reader skips to the newest frame")
    func newestOnly() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        for value in 0..<20 { try publisher.publish([UInt8(value)], capture: .now(), width: 1, height: 1) }
        #expect(subscriber.copyNewestFrame()?.bytes == [19])
    }

    @Test("a frame can be read by its number as long as it is in the ring")
    func byNumber() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        #expect(subscriber.copyFrame(number: 1) == nil)
        var numbers: [UInt64] = []
        for value in 0..<20 {
            numbers.append(try publisher.publish([UInt8(value)], capture: .now(), width: 1, height: 1))
        }
        #expect(subscriber.copyFrame(number: numbers[19])?.bytes == [19])
        #expect(subscriber.copyFrame(number: numbers[13])?.bytes == [13])
        #expect(subscriber.copyFrame(number: numbers[13])?.description.number == numbers[13])
        #expect(subscriber.copyFrame(number: numbers[0]) == nil)
        #expect(subscriber.copyFrame(number: numbers[19] + 1) == nil)
    }

    @Test(
        "interrupt ends a wait at once, whether the ring exists or not",
        .enabled(if: canWaitForTwoWords, "futex_waitv requires Linux 5.16"))
    func interrupt() throws {
        for hasRing in [false, true] {
            let publisher = hasRing ? try FramePublisher(ring.name, slotByteCount: 100, source: .test) : nil
            let subscriber = try FrameSubscriber(ring.name)
            var waits: [Duration] = []
            for _ in 0..<20 {
                let isAsleep = Atomic(false)
                let waiter = try Thread("waiter") {
                    isAsleep.store(true, ordering: .releasing)
                    while subscriber.wait(newerThan: 0, timeout: .seconds(600)) != .changed {}
                }
                while !isAsleep.load(ordering: .acquiring) { Poll.wait([], milliseconds: 1) }
                // Give the reader time to fall asleep.
                Poll.wait([], milliseconds: 5)
                let began = Instant.now
                subscriber.interrupt()
                waiter.join()
                waits.append(.now - began)
            }
            // If a wake-up were lost, the wait would take 250 ms or a second. Check the median, since a busy machine
            // may delay some waits.
            waits.sort()
            #expect(waits[10] < .milliseconds(50), "\(waits)")
            publisher?.stop(reason: "")
        }
    }

    @Test("a reader sees the state, its reason, the rates, the clock offset and the counters")
    func stateChange() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let subscriber = try FrameSubscriber(ring.name)
        publisher.setState(.waiting, reason: "/dev/video0 does not exist: plug the camera in")
        publisher.setRates(asked: 30, measured: 29.5)
        publisher.setClockOffset(nanoseconds: -5)
        publisher.countDropped(.truncated)
        let status = try #require(subscriber.status)
        #expect(status.state == .waiting)
        #expect(status.reason == "/dev/video0 does not exist: plug the camera in")
        #expect((status.framesPerSecondAsked, status.framesPerSecondMeasured) == (30, 29.5))
        #expect(status.clockOffset == -5)
        #expect(status.dropped[.truncated] == 1)
        #expect(status.source == .test)
        #expect(status.isWriterAlive)
    }

    @Test("a text that is too long is truncated at a character boundary")
    func longReason() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        publisher.setState(.error, reason: String(repeating: "창", count: 200))
        let reason = try #require(try FrameSubscriber(ring.name).status).reason
        #expect(reason == String(repeating: "창", count: 85))
    }

    @Test(
        "a writer that died in the middle of a frame is noticed by readers, and the next writer continues its numbers")
    func writerDies() throws {
        let status = try ringStress(["die", "--prefix", ring.prefix.text]).wait()
        #expect(status == -SIGKILL)
        let subscriber = try FrameSubscriber(ring.name)
        let before = try #require(subscriber.copyNewestFrame())
        #expect(subscriber.status?.state == .stopped)
        #expect(subscriber.status?.isWriterAlive == false)
        subscriber.takeInterest()
        let publisher = try FramePublisher(ring.name, slotByteCount: 64, source: .test)
        #expect(publisher.isWatched)
        #expect(subscriber.copyNewestFrame() == before)
        let number = try publisher.publish([5], capture: .now(), width: 1, height: 1)
        #expect(number == before.description.number + 1)
        #expect(subscriber.copyNewestFrame()?.bytes == [5])
        #expect(subscriber.status?.restarts == 1)
        #expect(subscriber.status?.state == .waiting)
    }

    @Test("a reader that is stopped does not delay the writer")
    func stoppedReader() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        let reader = try ringStress(["read", "--prefix", ring.prefix.text, "--reads", "1000000000"])
        defer { reader.end() }
        while !publisher.waitForInterest(milliseconds: 50) { try #require(reader.isRunning) }
        reader.send(SIGSTOP)
        let first = publisher.newestNumber
        for _ in 0..<10_000 { try publisher.publish([1], capture: .now(), width: 1, height: 1) }
        #expect(publisher.newestNumber == first + 10_000)
    }

    @Test("a writer takes over when another one with the same source dies; a writer with another source is refused")
    func turns() throws {
        let holder = try ringStress(["run", "--prefix", ring.prefix.text, "--reads", "1000000000", "--readers", "1"])
        defer { holder.end() }
        let subscriber = try FrameSubscriber(ring.name)
        while subscriber.copyNewestFrame() == nil { _ = subscriber.wait(newerThan: 0, milliseconds: 250) }
        #expect(throws: RingError.self) {
            try FramePublisher.waitForTurn(ring.name, source: SourceDescription(kind: "upstream", device: "other"))
        }
        let name = ring.name
        let isTurn = Atomic(false)
        let waiter = try Thread("waiter") {
            try? FramePublisher.waitForTurn(name, source: SourceDescription(kind: "pattern", device: "ring-stress"))
            isTurn.store(true, ordering: .releasing)
        }
        let tooEarly = isTurn.load(ordering: .acquiring)
        #expect(!tooEarly)
        holder.end()
        waiter.join()
        let hasComeIn = isTurn.load(ordering: .acquiring)
        #expect(hasComeIn)
        #expect(throws: Never.self) { try FramePublisher(name, slotByteCount: 64, source: .test) }
    }

    @Test(
        "no reader gets a torn frame from a writer at full speed",
        arguments: [
            ["--size", "64", "--reads", "1000000"], ["--size", "61440", "--reads", "10000"],
            ["--size", "4096", "--reads", "100000", "--grow"],
        ])
    func stress(_ arguments: [String]) throws {
        #expect(try ringStress(["run"] + arguments).wait() == 0)
    }
}

struct Missing: Error { let what: String }

/// Starts the program ring-stress with `arguments`.
///
/// ring-stress writes and reads a ring at full speed.
func ringStress(_ arguments: [String]) throws -> ChildProcess {
    try ChildProcess("\(ChildProcess.buildFolder())/ring-stress", arguments)
}

/// Whether the kernel is 5.16 or later, and therefore has futex_waitv(2), which can wait for two words at once.
private let canWaitForTwoWords: Bool = {
    var system = utsname()
    guard unsafe uname(&system) == 0 else { return false }
    let release = unsafe withUnsafeBytes(of: &system.release) { unsafe String(decoding: $0, as: UTF8.self) }
    let numbers = release.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 16)
}()
