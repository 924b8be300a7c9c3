import Glibc
import Linux
import SystemPackage

extension Camera {
    /// Why a wait ended.
    public enum Wake: Sendable {
        /// A frame is available.
        case frame
        /// The other descriptor is readable; a frame may be available too.
        case other
        case timedOut
    }

    /// Waits until a frame is available, `other` is readable, or `milliseconds` have passed (-1: no timeout).
    ///
    /// Throws `lost` if the camera is gone or is not streaming.
    public func wait(or other: CInt? = nil, milliseconds: Int) throws(CameraError) -> Wake {
        var descriptors = [pollfd(fd: pollDescriptor, events: Int16(POLLIN), revents: 0)]
        if let other { descriptors.append(pollfd(fd: other, events: Int16(POLLIN), revents: 0)) }
        let deadline = Clock.monotonic + UInt64(max(0, milliseconds)) * 1_000_000
        while true {
            let now = Clock.monotonic
            let rest = milliseconds < 0 ? -1 : CInt(clamping: (max(deadline, now) - now + 999_999) / 1_000_000)
            let count = unsafe poll(&descriptors, nfds_t(descriptors.count), rest)
            if count == 0 { return .timedOut }
            if count < 0 {
                if Errno.current == .interrupted { continue }
                throw CameraError(path, SystemError("poll", "\(path)", .current))
            }
            if descriptors.count > 1 && descriptors[1].revents != 0 { return .other }
            let events = Int32(descriptors[0].revents)
            if events & POLLIN != 0 { return .frame }
            if events & (POLLERR | POLLHUP | POLLNVAL) != 0 {
                throw CameraError(lost: path, "poll: \(events & POLLHUP != 0 ? "hung up" : "error")")
            }
        }
    }
}
