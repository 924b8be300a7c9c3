public import Linux
public import SharedFrame
import Synchronization

/// A thread that waits for new frames in a ring.
///
/// It has its own subscriber, since each subscriber may have only one waiting thread, and registers demand for frames
/// until it is stopped. Nobody joins the thread: it may still finish its current work after ``stop()``, so receivers
/// must check which watch a result is from.
public final class RingWatch: Sendable {
    /// The thread's subscriber.
    public let subscriber: FrameSubscriber
    private let isStopping = Atomic(false)

    /// - Throws: If the process is out of descriptors.
    public init(_ ring: RingName) throws(SystemError) {
        subscriber = try FrameSubscriber(ring)
        subscriber.takeInterest()
    }

    /// Starts the thread, which calls `body` until ``stop()``; `body` waits with ``wait(newerThan:timeout:)``.
    public func start(_ body: @escaping @Sendable (RingWatch) -> Void) throws(SystemError) {
        try Thread("ring \(subscriber.name.camera)") { [self] in
            while !isStopping.load(ordering: .acquiring) { body(self) }
        }.detach()
    }

    /// Whether the thread was asked to stop.
    public var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Waits until the newest frame is not `number`, something else has changed, or ``nudge()`` is called.
    public func wait(newerThan number: UInt64, timeout: Duration) -> FrameSubscriber.Outcome {
        subscriber.wait(newerThan: number, timeout: timeout)
    }

    /// Ends the current wait, at once or within 250 ms.
    public func nudge() { subscriber.interrupt() }

    /// Asks the thread to stop, without waiting for it.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        subscriber.dropInterest()
        subscriber.interrupt()
    }
}
