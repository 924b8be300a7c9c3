import CLinux
import Glibc
public import SystemPackage

/// What the event loop does with a connected socket that it owns by number.
public enum Socket {
    /// Sends `bytes` without raising SIGPIPE; returns how many the socket took.
    public static func send(_ bytes: RawSpan, to socket: CInt) -> Result<Int, Errno> {
        unsafe bytes.withUnsafeBytes { buffer in
            retryingOnInterrupt {
                unsafe Glibc.send(socket, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// Reads and throws away what has come; 0 when the peer has closed.
    public static func discardInput(of socket: CInt) -> Result<Int, Errno> {
        unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            retryingOnInterrupt {
                unsafe recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            }
        }
    }

    /// Bytes the peer has not read yet (`SIOCOUTQ`), or nil where the kernel does not say.
    public static func unsentByteCount(of socket: CInt) -> Int? {
        let count = linux_socket_unsent(socket)
        return count < 0 ? nil : Int(count)
    }

    /// Asks for a send buffer of `byteCount` bytes (`SO_SNDBUF`); the kernel caps it by net.core.wmem_max.
    public static func setSendBuffer(of socket: CInt, byteCount: Int) {
        var value = CInt(clamping: byteCount)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &value, 4)
    }

    /// Ends blocking reads from `socket` after `milliseconds` with EAGAIN (`SO_RCVTIMEO`).
    public static func setReceiveTimeout(of socket: CInt, milliseconds: Int) {
        var value = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &value, socklen_t(MemoryLayout<timeval>.size))
    }
}
