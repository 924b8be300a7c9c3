import CLinux
import Glibc
import SystemPackage

/// Waits for events on many descriptors (epoll(7)).
///
/// Events are level-triggered, except those of descriptors that were added with ``Interest/edge``.
public struct Epoll: ~Copyable, Sendable {
    /// A set of events to wait for, or of events that have occurred.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let readable = Interest(rawValue: EPOLLIN.rawValue)
        public static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        /// The peer has shut down its writing side.
        public static let peerClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
        /// An error is pending.
        ///
        /// The kernel reports this even if it was not asked for.
        public static let error = Interest(rawValue: EPOLLERR.rawValue)
        /// The connection is closed in both directions.
        ///
        /// The kernel reports this even if it was not asked for.
        public static let hangUp = Interest(rawValue: EPOLLHUP.rawValue)
        /// If several processes wait for the same descriptor, an event wakes at least one of them, but not always all.
        public static let exclusive = Interest(rawValue: EPOLLEXCLUSIVE.rawValue)
        /// The descriptor is edge-triggered: the kernel reports each change once.
        public static let edge = Interest(rawValue: EPOLLET.rawValue)
    }

    /// What occurred on one descriptor.
    public struct Event: Sendable {
        /// The token with which the descriptor was added.
        public let token: UInt64
        public let interest: Interest
    }

    private let descriptor: Descriptor

    public init() throws(SystemError) {
        descriptor = Descriptor(owning: try systemCall("epoll_create1", "") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    public func add(_ number: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, number, interest, token)
    }

    public func modify(_ number: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, number, interest, token)
    }

    /// Stops watching a descriptor.
    ///
    /// This is necessary before closing a descriptor that may have duplicates: the kernel keeps reporting the events of
    /// an open file until its last descriptor is closed.
    public func remove(_ number: CInt) {
        _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
    }

    /// Waits up to `milliseconds` (-1: indefinitely) for events, and appends those that occurred, at most 256 per call.
    ///
    /// Appends nothing if a signal interrupts the wait.
    ///
    /// - Throws: If the kernel refuses to wait. Another call would then fail immediately too.
    public func wait(into events: inout [Event], milliseconds: CInt) throws(SystemError) {
        let number = descriptor.number
        let failure: Errno? = unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { buffer in
            // The address is never nil, because the buffer is not empty. The check is needed because glibc 2.41
            // declares the parameter as nonnull.
            guard let start = buffer.baseAddress else { return .noMemory }
            let count = unsafe epoll_wait(number, start, 256, milliseconds)
            if count < 0 { return Errno.current == .interrupted ? nil : Errno.current }
            for index in 0..<Int(count) {
                let event = unsafe buffer[index]
                let interest = unsafe Interest(rawValue: event.events)
                events.append(Event(token: unsafe event.data.u64, interest: interest))
            }
            return nil
        }
        if let failure { throw SystemError("epoll_wait", "", failure) }
    }

    private func control(
        _ operation: CInt, _ number: CInt, _ interest: Interest, _ token: UInt64
    ) throws(SystemError) {
        var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
        try systemCall("epoll_ctl", "descriptor \(number)") {
            unsafe epoll_ctl(descriptor.number, operation, number, &event)
        }
    }
}
