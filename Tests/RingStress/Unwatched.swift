import ArgumentParser
import Linux
import SharedFrame
import Synchronization

/// Checks that a reader notices a new ring even if the reader's user has no inotify instances left.
struct Unwatched: ParsableCommand {
    @Option var prefix: String

    func run() throws {
        // Use up all inotify instances, and hold them until this function returns.
        var instances: [Instance] = []
        while instances.count < 100_000, let instance = try? Instance() { instances.append(instance) }
        let subscriber = try FrameSubscriber(try ringName(prefix))
        guard let problem = RingFolder.shared.problem else {
            throw ValidationError("there was still a free inotify instance")
        }
        print(problem)
        let generation = RingFolder.shared.generation
        let seen = Atomic<UInt64>(0)
        let waiter = try Thread("waiter") {
            while subscriber.wait(newerThan: 0, timeout: .seconds(30)) == .timedOut {}
            seen.store(Instant.now.nanoseconds, ordering: .releasing)
        }
        Poll.wait([], milliseconds: 300)
        let began = Instant.now
        let publisher = try FramePublisher(
            subscriber.name, slotByteCount: 64, source: SourceDescription(kind: "pattern", device: "ring-stress"))
        waiter.join()
        let wait = Instant(nanoseconds: seen.load(ordering: .acquiring)) - began
        publisher.stop(reason: "")
        print("\(instances.count) instances, a ring was seen after \(wait)")
        guard wait < .milliseconds(700) else { throw ValidationError("the ring was noticed too late") }
        guard RingFolder.shared.generation != generation else { throw ValidationError("the generation did not change") }
    }

    private final class Instance {
        let inotify: Inotify
        init() throws(SystemError) { inotify = try Inotify() }
    }
}
