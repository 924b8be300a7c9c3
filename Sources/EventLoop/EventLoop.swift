public import Linux

/// Handles the events of a descriptor.
public protocol EventHandler: AnyObject {
    func handle(_ events: Epoll.Interest)
}

/// One thread's epoll(7) loop: descriptors with their handlers, the time, and a signal from other threads.
///
/// It belongs to the thread that runs it; other threads reach it through its ``signal`` and ``Mailbox``.
public final class EventLoop {
    /// Identifies a registration; tokens are never reused.
    public struct Token: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// When the current turn began.
    public var now: Instant { turnBegan }

    private var turnBegan = Instant.now

    /// Wakes the loop from other threads.
    public let signal: LoopSignal

    private let epoll: Epoll
    private var handlers: [UInt64: any EventHandler] = [:]
    private var nextNumber: UInt64 = 1
    private var events: [Epoll.Event] = []
    private let signalToken: UInt64 = 0

    public init() throws(SystemError) {
        let epoll = try Epoll()
        let signal = try LoopSignal()
        try epoll.add(signal.event.descriptor.number, .readable, token: 0)
        self.epoll = epoll
        self.signal = signal
    }

    /// Calls `handler` for the events of a descriptor until ``remove(_:number:)``; the loop retains it until then.
    public func add(
        _ number: CInt, _ interest: Epoll.Interest, _ handler: any EventHandler
    ) throws(SystemError) -> Token {
        let token = Token(number: nextNumber)
        try epoll.add(number, interest, token: token.number)
        nextNumber += 1
        handlers[token.number] = handler
        return token
    }

    /// Changes the events to wait for; an edge-triggered descriptor that is ready is reported again.
    public func modify(_ token: Token, number: CInt, _ interest: Epoll.Interest) {
        // Fails only for a descriptor that is not registered and so has no handler either.
        try? epoll.modify(number, interest, token: token.number)
    }

    /// Removes a descriptor before its owner closes it; its pending events are dropped.
    public func remove(_ token: Token, number: CInt) {
        guard handlers.removeValue(forKey: token.number) != nil else { return }
        epoll.remove(number)
    }

    /// Removes the handler of a descriptor that its owner is about to close; without duplicates, closing leaves epoll.
    public func forget(_ token: Token) { handlers[token.number] = nil }

    /// Called when another thread has woken the loop.
    public var onSignal: () -> Void = {}

    /// Waits up to `timeout` (nil: indefinitely) and calls the handlers of the descriptors that are ready.
    ///
    /// - Throws: If epoll_wait(2) fails; later turns would fail as well.
    public func turn(timeout: Duration?) throws(SystemError) {
        // A local variable needs no exclusivity checks at run time; the property only keeps the storage.
        var events = self.events
        self.events = []
        defer { self.events = events }
        events.removeAll(keepingCapacity: true)
        let milliseconds = timeout.map { CInt(clamping: $0.millisecondsRoundedUp) } ?? -1
        try epoll.wait(into: &events, milliseconds: milliseconds)
        turnBegan = .now
        for event in events {
            if event.token == signalToken {
                signal.event.clear()
                onSignal()
            } else {
                handlers[event.token]?.handle(event.interest)
            }
        }
    }
}
