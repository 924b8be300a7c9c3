public import Linux
import Synchronization

/// Wakes an event loop from another thread or asks it to stop.
public final class LoopSignal: Sendable {
    /// Readable after another thread called ``stop()`` or ``wake()``.
    public let event: EventDescriptor
    private let stopping = Atomic(false)

    public init() throws(SystemError) {
        event = try EventDescriptor()
    }

    /// Whether the loop was asked to stop.
    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Asks the loop to stop, from any thread.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        event.signal()
    }

    /// Wakes the loop, from any thread.
    public func wake() { event.signal() }
}
