import CLinux
import Glibc
import SystemPackage

/// Waits for many descriptors at once (epoll(7)): level-triggered, unless ``Interest/edge`` is asked for.
public struct Epoll: ~Copyable, Sendable {
    /// What to wait for, or what has come.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let readable = Interest(rawValue: EPOLLIN.rawValue)
        public static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        /// The peer has shut down its side for writing.
        public static let peerClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
        /// An error is pending; reported without being asked for.
        public static let error = Interest(rawValue: EPOLLERR.rawValue)
        /// The peer is gone; reported without being asked for.
        public static let hangUp = Interest(rawValue: EPOLLHUP.rawValue)
        /// With other processes on the same descriptor: wake only one of them.
        public static let exclusive = Interest(rawValue: EPOLLEXCLUSIVE.rawValue)
        /// Report a change once instead of a state for as long as it lasts.
        public static let edge = Interest(rawValue: EPOLLET.rawValue)
    }

    /// A descriptor's event: the token that it was added with, and what has come.
    public struct Event: Sendable {
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

    /// To be called before the descriptor is closed when copies of it may live elsewhere.
    public func remove(_ number: CInt) {
        _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
    }

    /// Waits up to `milliseconds` (-1: without limit) and appends what has come to `events`, at most 256 at once.
    ///
    /// A signal ends the wait early. Throws if the kernel refuses to wait, which a caller that goes on would meet again
    /// at once.
    public func wait(into events: inout [Event], milliseconds: CInt) throws(SystemError) {
        let number = descriptor.number
        let failure: Errno? = unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { buffer in
            // Never nil for a buffer that is not empty; glibc 2.41 declares the parameter so.
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
