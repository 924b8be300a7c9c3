public import Linux

/// What an event loop calls when something happens to a descriptor.
public protocol EventHandler: AnyObject {
    func handle(_ events: Epoll.Interest)
}

/// One thread's epoll(7) loop: descriptors with the handlers to call for them, the time, and a signal from other threads.
///
/// It belongs to the thread that turns it; other threads reach it through its ``signal`` and by ``Mailbox``.
public final class EventLoop {
    /// Identifies a registration; a token is never used twice.
    public struct Token: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// The moment when the current turn began.
    public var now: Instant { turnBegan }

    private var turnBegan = Instant.now

    /// How other threads wake the loop.
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

    /// Calls `handler` for what happens to a descriptor, until ``remove(_:number:)``; the loop retains it until then.
    public func add(
        _ number: CInt, _ interest: Epoll.Interest, _ handler: any EventHandler
    ) throws(SystemError) -> Token {
        let token = Token(number: nextNumber)
        try epoll.add(number, interest, token: token.number)
        nextNumber += 1
        handlers[token.number] = handler
        return token
    }

    /// Changes what is waited for; an edge-triggered descriptor that is ready is reported again.
    public func modify(_ token: Token, number: CInt, _ interest: Epoll.Interest) {
        // It fails for a descriptor that is not registered, which handlers[token] then is not either.
        try? epoll.modify(number, interest, token: token.number)
    }

    /// Forgets a descriptor, before its owner closes it.
    ///
    /// Events of it that are on their way are dropped.
    public func remove(_ token: Token, number: CInt) {
        guard handlers.removeValue(forKey: token.number) != nil else { return }
        epoll.remove(number)
    }

    /// Forgets a descriptor that its owner closes now, which takes it out of epoll if it has no duplicate.
    public func forget(_ token: Token) { handlers[token.number] = nil }

    /// Called when another thread has woken the loop.
    public var onSignal: () -> Void = {}

    /// Waits up to `timeout` (nil: without limit) and calls the handlers of what has happened.
    ///
    /// Throws if the kernel refuses to wait: then no later turn would do better.
    public func turn(timeout: Duration?) throws(SystemError) {
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
