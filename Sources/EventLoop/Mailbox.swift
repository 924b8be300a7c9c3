public import Synchronization

/// An ordered queue of messages from any thread to an event loop.
///
/// Inlinable, so that it is specialized for each message type: unspecialized code would look up types for each picture.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline let messages = Mutex<[Message]>([])
    @usableFromInline let signal: LoopSignal

    /// `signal` wakes the loop that empties the mailbox.
    @inlinable
    public init(_ signal: LoopSignal) { self.signal = signal }

    /// Adds a message and wakes the loop unless earlier messages are still queued.
    @inlinable
    public func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if isFirst { signal.wake() }
    }

    /// Removes and returns all messages.
    @inlinable
    public func take() -> [Message] {
        messages.withLock { messages in
            if messages.isEmpty { return [] }
            let taken = messages
            messages = []
            return taken
        }
    }
}
