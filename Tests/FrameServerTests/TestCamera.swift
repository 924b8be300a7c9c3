import Linux
import SharedFrame
import Synchronization
import TestSupport

/// The writer of a ring, controlled by the test.
///
/// The writer runs on its own thread.
final class TestCamera: Sendable {
    private let writer: Writer

    /// Starts to write pictures of about `byteCount` bytes.
    ///
    /// If `framesPerSecond` is 0, a picture is written only when the test calls ``publish()``.
    init(_ name: RingName, framesPerSecond: Double = 0, byteCount: Int = 2000) throws {
        let writer = Writer(framesPerSecond: framesPerSecond, byteCount: byteCount)
        let started = Handover<RingError?>()
        try Thread("test camera") { writer.run(name, framesPerSecond, started) }.detach()
        self.writer = writer
        if let error = started.take() { throw error }
    }

    deinit { end() }

    /// Returns the picture with the frame number `number`, or nil if no such picture was published.
    func bytes(of number: UInt64) -> [UInt8]? { writer.published.withLock { $0[number] } }

    /// The number of published frames.
    var publishedCount: Int { writer.published.withLock { $0.count } }

    var isWatched: Bool { writer.watched.load(ordering: .acquiring) }

    /// Publishes one picture and returns its number.
    @discardableResult
    func publish() -> UInt64 {
        let number = Handover<UInt64>()
        writer.command { number.give($1.publish($0)) }
        return number.take()
    }

    func setState(_ state: CameraState, _ reason: String) {
        writer.command { publisher, _ in publisher.setState(state, reason: reason) }
    }

    /// Makes the writer hang until the test calls `give` on the result.
    ///
    /// Meanwhile, the writer keeps its lock on the ring, but writes neither frames nor a heartbeat.
    func hang() -> Handover<Bool> {
        let (begun, end) = (Handover<Bool>(), Handover<Bool>())
        writer.command { _, _ in
            begun.give(true)
            _ = end.take()
        }
        _ = begun.take()
        return end
    }

    func setClockOffset(nanoseconds: Int64) {
        writer.command { publisher, _ in publisher.setClockOffset(nanoseconds: nanoseconds) }
    }

    /// Makes the ring report a rate of one frame in 20 s, so that a frame counts as fresh for a minute.
    func setSlow() {
        writer.command { publisher, _ in publisher.setRates(asked: 0.05, measured: 0.05) }
    }

    func setRate(_ framesPerSecond: Double) {
        writer.orders.withLock { $0.interval = framesPerSecond > 0 ? UInt64(1e9 / framesPerSecond) : 0 }
    }

    /// Stops the writer and removes the ring, as a daemon does when it exits.
    func end() {
        writer.orders.withLock { $0.isEnding = true }
        _ = writer.ended.take()
    }
}

/// The thread of a ``TestCamera``.
private final class Writer: Sendable {
    struct Orders {
        var interval: UInt64
        var isEnding = false
        var commands: [@Sendable (FramePublisher, Writer) -> Void] = []
    }

    let orders: Mutex<Orders>
    let published = Mutex<[UInt64: [UInt8]]>([:])
    let watched = Atomic(false)
    let ended = Handover<Bool>()
    private let byteCount: Int

    init(framesPerSecond: Double, byteCount: Int) {
        self.byteCount = byteCount
        orders = Mutex(Orders(interval: framesPerSecond > 0 ? UInt64(1e9 / framesPerSecond) : 0))
    }

    func command(_ body: @escaping @Sendable (FramePublisher, Writer) -> Void) {
        orders.withLock { $0.commands.append(body) }
    }

    func run(_ name: RingName, _ framesPerSecond: Double, _ started: Handover<RingError?>) {
        defer { ended.give(true) }
        do throws(RingError) {
            let publisher = try FramePublisher(name, slotByteCount: byteCount + 1000, source: .test)
            publisher.setState(.live, reason: "")
            publisher.setRates(asked: framesPerSecond > 0 ? framesPerSecond : 30, measured: framesPerSecond)
            started.give(nil)
            write(publisher)
        } catch {
            started.give(error)
        }
    }

    private func write(_ publisher: FramePublisher) {
        var next = Clock.monotonic
        while true {
            let orders = orders.withLock { orders in
                defer { orders.commands = [] }
                return orders
            }
            for command in orders.commands { command(publisher, self) }
            if orders.isEnding { return publisher.stop(reason: "the test has stopped the camera") }
            watched.store(publisher.isWatched, ordering: .releasing)
            try? publisher.heartbeat()
            let now = Clock.monotonic
            if orders.interval > 0, now >= next {
                _ = publish(publisher)
                next = max(next + orders.interval, now)
            }
            Poll.wait([], milliseconds: 1)
        }
    }

    func publish(_ publisher: FramePublisher) -> UInt64 {
        // Consecutive pictures have different sizes.
        let count = published.withLock { $0.count }
        let picture = TestPicture(count, byteCount: byteCount + count * 131 % 512)
        publisher.countCaptured()
        let number = publisher.newestNumber + 1
        published.withLock { $0[number] = picture.bytes }
        _ = picture.bytes.withRawSpan { bytes in
            try? publisher.publish(bytes, capture: .now(), width: 64, height: 48, number: number)
        }
        return number
    }
}
