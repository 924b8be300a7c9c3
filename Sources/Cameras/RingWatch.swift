public import Linux
public import SharedFrame
import Synchronization

/// A thread that sleeps in a ring until there is something new.
///
/// It reads the ring by a subscriber of its own, since each may have only one waiting thread, and asks the ring's writer
/// for frames until it is stopped. Nobody waits for the thread's end: it may still finish what it is doing after
/// ``stop()``, so what it delivers must be known by its watch.
public final class RingWatch: Sendable {
    /// What the thread reads the ring by.
    public let subscriber: FrameSubscriber
    private let isStopping = Atomic(false)

    /// Throws if there are no descriptors.
    public init(_ ring: RingName) throws(SystemError) {
        subscriber = try FrameSubscriber(ring)
        subscriber.takeInterest()
    }

    /// Starts the thread, which calls `body` until ``stop()``; `body` waits by ``wait(newerThan:timeout:)``.
    public func start(_ body: @escaping @Sendable (RingWatch) -> Void) throws(SystemError) {
        try Thread("ring \(subscriber.name.camera)") { [self] in
            while !isStopping.load(ordering: .acquiring) { body(self) }
        }.detach()
    }

    /// Whether the thread is to end.
    public var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Waits until the newest frame is another than `number`, something else has changed, or ``nudge()`` was called.
    public func wait(newerThan number: UInt64, timeout: Duration) -> FrameSubscriber.Outcome {
        subscriber.wait(newerThan: number, milliseconds: timeout.millisecondsRoundedUp)
    }

    /// Ends the current wait, at once or within 250 ms.
    public func nudge() { subscriber.interrupt() }

    /// Ends the thread, without waiting for it.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        subscriber.dropInterest()
        subscriber.interrupt()
    }
}
