public import Linux
import Synchronization

/// How other threads reach an event loop.
public final class LoopSignal: Sendable {
    /// Readable when another thread has something new, or the loop shall end.
    public let event: EventDescriptor
    private let stopping = Atomic(false)

    public init() throws(SystemError) {
        event = try EventDescriptor()
    }

    /// Whether the loop shall end.
    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Makes the loop end, from any thread.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        event.signal()
    }
}
