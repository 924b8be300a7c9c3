public import Synchronization

/// Messages from any thread to an event loop, in order.
///
/// Inlinable, so that each kind of message gets code of its own: generic code would look types up for each picture.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline let messages = Mutex<[Message]>([])
    @usableFromInline let signal: LoopSignal

    /// `signal` wakes the loop that empties the mailbox.
    @inlinable
    public init(_ signal: LoopSignal) { self.signal = signal }

    /// Leaves a message and wakes the loop, unless messages that it has not taken have done so already.
    @inlinable
    public func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if isFirst { signal.wake() }
    }

    /// Takes all messages out.
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
