public import Synchronization

/// A queue of messages that any thread can send to the thread of an event loop.
///
/// The functions are inlinable, so that the compiler specializes them for each type of message. Unspecialized code
/// would look up types for each message.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline let messages = Mutex<[Message]>([])
    @usableFromInline let signal: LoopSignal

    /// Creates a mailbox.
    ///
    /// `signal` wakes the loop that takes the messages.
    @inlinable
    public init(_ signal: LoopSignal) { self.signal = signal }

    /// Adds a message, and wakes the loop if the queue was empty.
    @inlinable
    public func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if isFirst { signal.wake() }
    }

    /// Removes and returns all messages, in the order in which they were added.
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
