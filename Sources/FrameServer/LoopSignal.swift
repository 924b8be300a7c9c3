import Linux
import Synchronization

/// How other threads reach the event loop.
final class LoopSignal: Sendable {
    /// Readable when a watcher has something new, or the loop shall end.
    let event: EventDescriptor
    let isStopping = Atomic(false)

    init() throws {
        event = try EventDescriptor()
    }
}
