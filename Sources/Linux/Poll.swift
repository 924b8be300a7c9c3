import Glibc

/// Waiting for a few descriptors (poll(2)).
public enum Poll {
    /// Waits until one of `descriptors` is readable or in error, up to `milliseconds` (-1: without limit).
    ///
    /// Returns those that are; none when the time was over or a signal came.
    @discardableResult
    public static func wait(_ descriptors: [CInt], milliseconds: Int) -> [CInt] {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = unsafe poll(&entries, nfds_t(entries.count), CInt(clamping: milliseconds))
        guard count > 0 else { return [] }
        return entries.filter { $0.revents != 0 }.map(\.fd)
    }
}
