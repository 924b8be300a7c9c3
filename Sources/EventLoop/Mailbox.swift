import Synchronization

/// Messages from any thread to an event loop, in order.
public final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    private let signal: LoopSignal

    /// `signal` wakes the loop that empties the mailbox.
    public init(_ signal: LoopSignal) { self.signal = signal }

    /// Leaves a message and wakes the loop, unless messages that it has not taken have done so already.
    public func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if isFirst { signal.wake() }
    }

    /// Takes all messages out.
    public func take() -> [Message] {
        messages.withLock { messages in
            guard !messages.isEmpty else { return [] }
            return exchange(&messages, with: [])
        }
    }
}
