public import Linux
public import SharedFrame
import Synchronization

/// A thread that waits for new frames in a ring.
///
/// The thread has its own subscriber, because only one thread may wait with a subscriber. The watch registers demand
/// for frames until it is stopped. ``stop()`` does not wait for the thread, which may still finish its current work.
/// Therefore code that receives a result from the thread must check that the result is from the current watch.
public final class RingWatch: Sendable {
    /// The thread's subscriber.
    public let subscriber: FrameSubscriber
    private let isStopping = Atomic(false)

    /// - Throws: If the process is out of descriptors.
    public init(_ ring: RingName) throws(SystemError) {
        subscriber = try FrameSubscriber(ring)
        subscriber.takeInterest()
    }

    /// Starts the thread, which calls `body` again and again until ``stop()`` is called.
    ///
    /// `body` should wait with ``wait(newerThan:timeout:)``.
    public func start(_ body: @escaping @Sendable (RingWatch) -> Void) throws(SystemError) {
        try Thread("ring \(subscriber.name.camera)") { [self] in
            while !isStopping.load(ordering: .acquiring) { body(self) }
        }.detach()
    }

    /// Whether the thread was asked to stop.
    public var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Waits until the newest frame's number is not `number`, the ring's state changes, or ``nudge()`` is called.
    ///
    /// It returns after `timeout` at the latest.
    public func wait(newerThan number: UInt64, timeout: Duration) -> FrameSubscriber.Outcome {
        subscriber.wait(newerThan: number, timeout: timeout)
    }

    /// Makes the current or the next ``wait(newerThan:timeout:)`` return.
    ///
    /// It takes effect at once on Linux 5.16 or later, otherwise within 250 ms.
    public func nudge() { subscriber.interrupt() }

    /// Asks the thread to stop, without waiting for it.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        subscriber.dropInterest()
        subscriber.interrupt()
    }
}
