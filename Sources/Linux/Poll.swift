import Glibc

/// Waits for a few descriptors (poll(2)).
public enum Poll {
    /// Waits up to `milliseconds` (-1: indefinitely) until at least one of `descriptors` is readable or has an error.
    ///
    /// Returns the descriptors that are readable or have an error. The result is empty after a timeout or a signal. If
    /// the kernel refuses to wait, this sleeps up to 100 ms, so that a caller that retries in a loop does not use all
    /// of the CPU.
    @discardableResult
    public static func wait(_ descriptors: [CInt], milliseconds: Int) -> [CInt] {
        readiness(of: descriptors, milliseconds: milliseconds).map(\.number)
    }

    /// The state of a descriptor.
    public struct Readiness: Equatable, Sendable {
        public let number: CInt
        public let isReadable: Bool
        /// Whether the descriptor has an error, its peer has hung up, or it is not open.
        public let isBroken: Bool
    }

    /// Waits like ``wait(_:milliseconds:)`` and returns the state of each ready descriptor.
    public static func readiness(of descriptors: [CInt], milliseconds: Int) -> [Readiness] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = unsafe poll(&entries, nfds_t(entries.count), CInt(clamping: milliseconds))
        if count < 0, errno != EINTR { usleep(UInt32(milliseconds < 0 ? 100 : min(milliseconds, 100)) * 1000) }
        guard count > 0 else { return [] }
        return entries.filter { $0.revents != 0 }.map { entry in
            let events = Int32(entry.revents)
            return Readiness(
                number: entry.fd, isReadable: events & POLLIN != 0,
                isBroken: events & (POLLERR | POLLHUP | POLLNVAL) != 0)
        }
    }
}
