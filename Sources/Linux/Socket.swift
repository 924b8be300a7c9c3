import CLinux
import Glibc
public import SystemPackage

/// Two connected sockets of this process.
public struct SocketPair: ~Copyable, Sendable {
    public let first: Descriptor
    public let second: Descriptor
}

/// Operations on sockets, by descriptor number.
public enum Socket {
    /// Sends `bytes` without raising SIGPIPE; returns the number of bytes sent.
    public static func send(_ bytes: RawSpan, to socket: CInt) -> Result<Int, Errno> {
        unsafe bytes.withUnsafeBytes { buffer in
            retryingOnInterrupt {
                unsafe Glibc.send(socket, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// Reads and discards received bytes; returns their number, or 0 if the peer has closed the connection.
    public static func discardInput(of socket: CInt) -> Result<Int, Errno> {
        unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            retryingOnInterrupt {
                unsafe recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            }
        }
    }

    /// Returns the number of bytes in the send queue (`SIOCOUTQ`), or nil if unknown.
    public static func unsentByteCount(of socket: CInt) -> Int? {
        let count = linux_socket_unsent(socket)
        return count < 0 ? nil : Int(count)
    }

    /// Returns whether this is a Unix socket (`AF_UNIX`).
    ///
    /// Bytes in the send queue of a Unix socket leave the queue when the peer reads them. With TCP, they leave the
    /// queue as soon as the peer's kernel acknowledges them. If the peer is on the same machine, it may read them only
    /// later, from memory that both ends share.
    public static func isLocal(_ socket: CInt) -> Bool {
        var domain: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX
    }

    /// Requests a send buffer of `byteCount` bytes (`SO_SNDBUF`); the kernel limits it to net.core.wmem_max.
    public static func setSendBuffer(of socket: CInt, byteCount: Int) {
        var value = CInt(clamping: byteCount)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &value, 4)
    }

    /// Sets the timeout after which a blocking read fails with EAGAIN (`SO_RCVTIMEO`).
    public static func setReceiveTimeout(of socket: CInt, milliseconds: Int) {
        var value = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &value, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends `bytes` starting at `offset`, without raising SIGPIPE; returns the number of bytes sent.
    public static func send(_ bytes: [UInt8], from offset: Int, to socket: CInt) -> Result<Int, Errno> {
        unsafe send(bytes.span.bytes.extracting(offset..<bytes.count), to: socket)
    }

    /// Reads received bytes without removing them; returns their number, or 0 if the peer has closed the connection.
    public static func peek(at socket: CInt, into bytes: inout [UInt8]) -> Result<Int, Errno> {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            retryingOnInterrupt {
                unsafe recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
            }
        }
    }

    /// Reads received bytes; returns their number, or 0 if the peer has closed the connection.
    public static func receive(from socket: CInt, into bytes: inout [UInt8]) -> Result<Int, Errno> {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            retryingOnInterrupt { unsafe recv(socket, buffer.baseAddress, buffer.count, 0) }
        }
    }

    /// Accepts the next connection of a listening socket; the connection is non-blocking.
    public static func accept(from listener: CInt) -> Result<CInt, Errno> {
        retryingOnInterrupt {
            accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue))
        }
    }

    /// Shuts down the sending side (shutdown(2), `SHUT_WR`).
    public static func endOutput(of socket: CInt) {
        _ = shutdown(socket, Int32(SHUT_WR))
    }

    /// Creates a stream socket at `path` and listens for connections.
    ///
    /// There must not be a file at `path` yet. The socket's file remains after the descriptor is closed. If
    /// `permissions` is not nil, the file's permission bits are set before the socket listens, so that nobody can
    /// connect while the file still has the default permissions.
    public static func listen(
        at path: FilePath, backlog: CInt = 256, permissions: UInt32? = nil
    ) throws(SystemError) -> Descriptor {
        let descriptor = try stream("\(path)")
        try unsafe withAddress(path) { address, length in
            unsafe bind(descriptor.number, address, length)
        }
        if let permissions {
            try systemCall("chmod", "\(path)") { unsafe path.withPlatformString { unsafe chmod($0, permissions) } }
        }
        try systemCall("listen", "\(path)") { Glibc.listen(descriptor.number, backlog) }
        return descriptor
    }

    /// Connects to the stream socket at `path`.
    ///
    /// If `isBlocking` is false, the socket is non-blocking, and a full accept queue is an error (EAGAIN).
    public static func connect(to path: FilePath, isBlocking: Bool = true) throws(SystemError) -> Descriptor {
        let descriptor = try stream("\(path)")
        if !isBlocking { try descriptor.setNonBlocking(true) }
        try unsafe withAddress(path) { address, length in
            unsafe Glibc.connect(descriptor.number, address, length)
        }
        return descriptor
    }

    /// Returns two connected non-blocking stream sockets (socketpair(2)).
    public static func pair() throws(SystemError) -> SocketPair {
        var ends: [CInt] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        try systemCall("socketpair", "") { unsafe socketpair(AF_UNIX, kind, 0, &ends) }
        return SocketPair(first: Descriptor(owning: ends[0]), second: Descriptor(owning: ends[1]))
    }

    private static func stream(_ subject: String) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try systemCall("socket", subject) {
                socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            })
    }

    private static func withAddress(
        _ path: FilePath, _ call: (UnsafePointer<sockaddr>?, socklen_t) -> CInt
    ) throws(SystemError) {
        let bytes = Array(path.string.utf8)
        var address = sockaddr_un()
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("socket", "\(path)", .fileNameTooLong)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        try systemCall("bind or connect", "\(path)") {
            unsafe withUnsafeBytes(of: &address) { buffer in
                unsafe call(
                    buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
