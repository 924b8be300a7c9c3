import Glibc
import Linux
import Names
import SharedFrame
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("RingFolder", .timeLimit(.minutes(2)))
struct RingFolderTests {
    let ring = TemporaryRing()

    @Test("hundreds of subscribers share one inotify instance, and notice a new ring within 100 ms")
    func manySubscribers() throws {
        let names = (0..<300).map { ring.ring("camera\($0)") }
        let subscribers = try names.map { try FrameSubscriber($0) }
        #expect(RingFolder.shared.problem == nil)
        #expect(inotifyCount() == 1)
        var waits: [Duration] = []
        for index in [0, 77, 150, 222, 299] {
            let subscriber = subscribers[index]
            let seen = Atomic<UInt64>(0)
            let waiter = try Thread("waiter") {
                while subscriber.wait(newerThan: 0, timeout: .seconds(60)) == .timedOut {}
                seen.store(Instant.now.nanoseconds, ordering: .releasing)
            }
            Poll.wait([], milliseconds: 5)
            let began = Instant.now
            let publisher = try FramePublisher(names[index], slotByteCount: 100, source: .test)
            waiter.join()
            waits.append(Instant(nanoseconds: seen.load(ordering: .acquiring)) - began)
            publisher.stop(reason: "")
        }
        waits.sort()
        #expect(waits[2] < .milliseconds(100), "\(waits)")
    }

    @Test("the generation changes whenever a ring is created or removed, and only then")
    func generation() throws {
        let folder = RingFolder.shared
        for _ in 0..<20 {
            let before = folder.generation
            let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
            let made = folder.generation
            #expect(made != before)
            try publisher.publish([1], capture: .now(), width: 1, height: 1)
            publisher.setState(.live, reason: "")
            publisher.stop(reason: "")
            #expect(folder.generation != made)
        }
        // A file that is not a ring must not change the generation. Try up to 100 times, since another program may
        // create a ring meanwhile.
        let isSteady = (0..<100).contains { _ in
            let before = folder.generation
            let file = TemporaryRing().name.path.string + ".x.y.new"
            guard let made = try? Descriptor(opening: FilePath(file), flags: O_RDWR | O_CREAT, mode: 0o600) else {
                return false
            }
            _ = made.number
            File.remove(FilePath(file))
            return folder.generation == before
        }
        #expect(isSteady, "a file that is not a ring changed the generation")
    }

    @Test("an observer is called after a ring has appeared or disappeared, but not after the observation has ended")
    func observers() throws {
        final class Counter: Sendable { let calls = Atomic(0) }
        let counter = Counter()
        var observation: RingFolder.Observation? = RingFolder.shared.onChange {
            counter.calls.add(1, ordering: .releasing)
        }
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        #expect(eventually { counter.calls.load(ordering: .acquiring) > 0 })
        // Reading the generation consumes the inotify events. The observer must be called nevertheless.
        let before = counter.calls.load(ordering: .acquiring)
        publisher.stop(reason: "")
        _ = RingFolder.shared.generation
        #expect(eventually { counter.calls.load(ordering: .acquiring) > before })
        withExtendedLifetime(observation) {}
        observation = nil
        #expect(eventually { unique(counter) })

        /// Whether the observer is not called when a ring appears and disappears.
        func unique(_ counter: Counter) -> Bool {
            let before = counter.calls.load(ordering: .acquiring)
            guard let other = try? FramePublisher(ring.ring("other"), slotByteCount: 100, source: .test) else {
                return false
            }
            other.stop(reason: "")
            Poll.wait([], milliseconds: 50)
            return counter.calls.load(ordering: .acquiring) == before
        }
    }

    @Test(
        "a user without inotify instances notices new rings by polling, and the problem is reported",
        .enabled(if: geteuid() == 0, "only root can become another user"),
        .enabled(if: OrielSystem.isOpenToOthers, "other users cannot read the checkout"))
    func noInstances() throws {
        let user = "\(61_000 + getpid() % 1000)"
        let program = "\(try ChildProcess.buildFolder())/ring-stress"
        let process = try ChildProcess(
            "setpriv", ["--reuid", user, "--clear-groups", program, "unwatched", "--prefix", ring.prefix.text])
        let output = process.readToEnd()
        #expect(process.wait() == 0, "\(output)")
        #expect(output.contains("fs.inotify.max_user_instances"), "\(output)")
    }

    /// The number of this process's inotify instances.
    private func inotifyCount() -> Int {
        Folder.names(in: "/proc/self/fd").count { name in
            var target = [CChar](repeating: 0, count: 100)
            let count = unsafe readlink("/proc/self/fd/\(name)", &target, target.count)
            return count > 0
                && String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self).contains("inotify")
        }
    }
}
