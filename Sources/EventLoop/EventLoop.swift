public import Linux

/// An object that handles the events of a descriptor.
public protocol EventHandler: AnyObject {
    func handle(_ events: Epoll.Interest)
}

/// An event loop with epoll(7), which calls handlers when their descriptors are ready.
///
/// Use it only from the thread that runs it. Other threads communicate with that thread through ``signal`` and
/// ``Mailbox``.
public final class EventLoop {
    /// Identifies the registration of a descriptor.
    ///
    /// Tokens are never reused.
    public struct Token: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// The time at which the last wait for events ended.
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

    /// Registers a descriptor, so that `handler` is called for its events until ``remove(_:number:)`` is called.
    ///
    /// The loop retains `handler` until then.
    public func add(
        _ number: CInt, _ interest: Epoll.Interest, _ handler: any EventHandler
    ) throws(SystemError) -> Token {
        let token = Token(number: nextNumber)
        try epoll.add(number, interest, token: token.number)
        nextNumber += 1
        handlers[token.number] = handler
        return token
    }

    /// Changes the events to wait for.
    ///
    /// If an edge-triggered descriptor is ready, it is reported again.
    public func modify(_ token: Token, number: CInt, _ interest: Epoll.Interest) {
        // The call fails only if the descriptor is not registered. In that case, there is no handler to call.
        try? epoll.modify(number, interest, token: token.number)
    }

    /// Removes a descriptor, and drops its pending events.
    ///
    /// Call it before closing the descriptor.
    public func remove(_ token: Token, number: CInt) {
        guard handlers.removeValue(forKey: token.number) != nil else { return }
        epoll.remove(number)
    }

    /// Removes the handler of a descriptor that is about to be closed.
    ///
    /// The kernel removes a descriptor from epoll when it is closed, unless there are duplicates of the descriptor.
    public func forget(_ token: Token) { handlers[token.number] = nil }

    /// A closure that is called when another thread has woken the loop.
    public var onSignal: () -> Void = {}

    /// Waits for events for at most `timeout`, and calls the handlers of the descriptors that are ready.
    ///
    /// If `timeout` is nil, there is no time limit.
    ///
    /// - Throws: An error if epoll_wait(2) fails. Later calls would fail as well.
    public func turn(timeout: Duration?) throws(SystemError) {
        // A local variable needs no exclusivity checks at run time. The property only keeps the array's memory between
        // calls.
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
