public import Linux
import Synchronization

/// An object with which any thread can wake an event loop or ask it to stop.
public final class LoopSignal: Sendable {
    /// A descriptor that is readable after ``stop()`` or ``wake()`` was called.
    public let event: EventDescriptor
    private let stopping = Atomic(false)

    public init() throws(SystemError) {
        event = try EventDescriptor()
    }

    /// Whether ``stop()`` was called.
    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Asks the loop to stop.
    ///
    /// Any thread may call this function.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        event.signal()
    }

    /// Wakes the loop.
    ///
    /// Any thread may call this function.
    public func wake() { event.signal() }
}
