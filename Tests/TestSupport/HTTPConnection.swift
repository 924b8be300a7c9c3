import Glibc
import Linux
import SystemPackage

/// A TCP connection to an HTTP server.
public final class HTTPConnection: Sendable {
    /// The reason why there is no response.
    public enum Failure: Error, Equatable {
        case noSuchAddress(String)
        case ended
        case tooLate
        case notHTTP(String)
    }

    private let socket: Descriptor

    /// Connects to a literal IPv4 or IPv6 address.
    public init(address: String, port: Int) throws {
        Signals.ignoreBrokenPipe()
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, String(port), &hints, &found) == 0, let first = unsafe found else {
            throw Failure.noSuchAddress(address)
        }
        defer { unsafe freeaddrinfo(first) }
        let (family, target, length) = unsafe (first.pointee.ai_family, first.pointee.ai_addr, first.pointee.ai_addrlen)
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = try systemCall("socket", address) { Glibc.socket(family, type, 0) }
        socket = Descriptor(owning: number)
        try systemCall("connect", "\(address) port \(port)") {
            unsafe connect(number, target, length)
        }
    }

    /// Sends all of `bytes`.
    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            sent += try Array(bytes[sent...]).withRawSpan { span throws(Errno) in
                try Socket.send(span, to: socket.number).get()
            }
        }
    }

    /// Returns the next bytes, at most `limit`, or no bytes if the server has closed the connection.
    public func receive(by deadline: Deadline, limit: Int = 65536) throws -> [UInt8] {
        guard !Poll.wait([socket.number], milliseconds: deadline.milliseconds).isEmpty else { throw Failure.tooLate }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = try systemCall("recv", "connection") {
            unsafe bytes.withUnsafeMutableBytes { unsafe recv(socket.number, $0.baseAddress, $0.count, 0) }
        }
        bytes.removeLast(limit - count)
        return bytes
    }

    /// Discards received bytes without waiting.
    ///
    /// Returns false if the server has closed the connection.
    @discardableResult
    public func discard() -> Bool {
        for _ in 0..<64 {
            switch Socket.discardInput(of: socket.number) {
            case .success(let count) where count > 0: continue
            case .failure(.resourceTemporarilyUnavailable): return true
            default: return false
            }
        }
        return true
    }

    /// Resets the connection by connecting its socket to the address family AF_UNSPEC (connect(2)).
    public func reset() {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe connect(socket.number, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
