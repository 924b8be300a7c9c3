public import Linux
import Synchronization

/// Wakes an event loop from another thread, or asks it to end.
public final class LoopSignal: Sendable {
    /// Readable when another thread has something for the loop.
    public let event: EventDescriptor
    private let stopping = Atomic(false)

    public init() throws(SystemError) {
        event = try EventDescriptor()
    }

    /// Whether somebody has asked the loop to end.
    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Asks the loop to end, from any thread.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        event.signal()
    }

    /// Makes the loop turn, from any thread.
    public func wake() { event.signal() }
}
