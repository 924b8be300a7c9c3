import ArgumentParser
import Glibc
import Linux
import Names
import SharedFrame

/// One process of the ring benchmark: the writer, or a reader of one of three kinds.
///
/// Each process prints one JSON object when it ends. `Benchmarks/ring.py` starts the processes and combines their
/// results. `Benchmarks/Peers/ring-peer.c` measures other designs for comparison, and takes the same arguments.
@main
struct RingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring-benchmark", abstract: "Measures the ring in shared memory; started by scripts/bench.",
        subcommands: [Write.self, Wait.self, Copy.self, Idle.self])
}

struct RingChoice: ParsableArguments {
    @Option(help: "The prefix of the ring's name.") var prefix: String
    @Option(help: "How long to measure, in seconds.") var seconds: Double

    func name() throws -> RingName {
        guard let prefix = SystemPrefix(prefix) else { throw ValidationError("'\(prefix)' cannot be a prefix") }
        return RingName(prefix: prefix, camera: .main, kind: .capture)
    }

    /// The end of the measurement, in nanoseconds of CLOCK_MONOTONIC.
    func end() -> UInt64 { Clock.monotonic + UInt64(max(0, min(seconds, 3600)) * 1e9) }
}

/// Publishes frames at a steady rate and measures how long it takes to publish each frame.
struct Write: ParsableCommand {
    @OptionGroup var ring: RingChoice
    @Option(help: "The size of a frame in bytes.") var bytes = 60_000
    @Option(help: "How many frames to publish per second.") var rate = 100.0

    func run() throws {
        let publisher = try FramePublisher(
            try ring.name(), slotByteCount: bytes, source: SourceDescription(kind: "pattern", device: "ring-benchmark"))
        defer { publisher.stop(reason: "the measurement is over") }
        let frame = [UInt8](repeating: 0xA5, count: bytes)
        var nanoseconds: [UInt64] = []
        let end = ring.end()
        var next = Clock.monotonic
        while next < end {
            let begin = Clock.monotonic
            try frame.withRawSpan {
                _ = try publisher.publish($0, capture: CaptureTime(monotonic: begin), width: 0, height: 0)
            }
            nanoseconds.append(Clock.monotonic - begin)
            next += UInt64(1e9 / rate)
            try publisher.heartbeat()
            sleep(until: next)
        }
        print("{\"publish_ns\": \(nanoseconds)}")
    }
}

/// Waits for each frame and measures the time from its publication until this reader knows of it.
struct Wait: ParsableCommand {
    @OptionGroup var ring: RingChoice

    func run() throws {
        let subscriber = try FrameSubscriber(try ring.name())
        subscriber.takeInterest()
        var nanoseconds: [UInt64] = []
        var number: UInt64 = 0
        let end = ring.end()
        while Clock.monotonic < end {
            guard case .frame(let newest) = subscriber.wait(newerThan: number, milliseconds: 100) else { continue }
            let known = Clock.monotonic
            number = newest
            let published = subscriber.withNewestFrame { frame, _ in frame.number == newest ? frame.published : nil }
            if let published, let published { nanoseconds.append(known > published ? known - published : 0) }
        }
        print("{\"wake_ns\": \(nanoseconds)}")
    }
}

/// Copies the newest frame as often as possible and counts the copies.
struct Copy: ParsableCommand {
    @OptionGroup var ring: RingChoice

    func run() throws {
        let subscriber = try FrameSubscriber(try ring.name())
        subscriber.takeInterest()
        var copy = [UInt8](repeating: 0, count: 1 << 22)
        var copies = 0
        let end = ring.end()
        while Clock.monotonic < end {
            var isCopied = false
            for _ in 0..<16 {
                isCopied =
                    subscriber.withNewestFrame { _, bytes in
                        copy.withMutableRawSpan { $0.copy(bytes) }
                    } != nil
                if isCopied { copies += 1 }
            }
            if !isCopied { _ = subscriber.wait(newerThan: 0, milliseconds: 10) }
        }
        print("{\"copies\": \(copies)}")
    }
}

/// Maps the ring and requests pictures, but does not wait for them, to measure what such a reader costs the writer.
struct Idle: ParsableCommand {
    @OptionGroup var ring: RingChoice

    func run() throws {
        let subscriber = try FrameSubscriber(try ring.name())
        subscriber.takeInterest()
        let end = ring.end()
        _ = subscriber.status
        sleep(until: end)
        print("{}")
    }
}

/// Sleeps until CLOCK_MONOTONIC reaches `deadline`, in nanoseconds.
func sleep(until deadline: UInt64) {
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
}
