import CLinux
import Glibc
import SystemPackage

/// Lists this machine's network addresses, and sends short requests to servers on this machine.
///
/// Unsafe code: the structures of getaddrinfo(3) and getifaddrs(3) are accessed only until they are freed, in the same
/// function.
public enum Network {
    /// The numeric addresses of this machine's interfaces, except loopback and link-local ones.
    public static var addresses: [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&first) == 0 else { return [] }
        defer { unsafe freeifaddrs(first) }
        var addresses: [String] = []
        var entry = unsafe first
        while let current = unsafe entry {
            unsafe entry = unsafe current.pointee.ifa_next
            guard unsafe current.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                let address = unsafe current.pointee.ifa_addr
            else { continue }
            let length: Int
            switch unsafe CInt(address.pointee.sa_family) {
            case AF_INET: length = MemoryLayout<sockaddr_in>.size
            case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
            default: continue
            }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                unsafe getnameinfo(
                    address, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            else { continue }
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if !name.hasPrefix("fe80:"), !name.hasPrefix("169.254.") { addresses.append(name) }
        }
        return addresses
    }

    /// Connects to `address`, which is a numeric address or `localhost`; returns a non-blocking socket.
    public static func connect(to address: String, port: Int, timeout: Duration) throws(SystemError) -> Descriptor {
        let subject = "\(address) port \(port)"
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = address == "localhost" ? 0 : AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, "\(port)", &hints, &found) == 0, let target = unsafe found else {
            throw SystemError("getaddrinfo", subject, .addressNotAvailable)
        }
        defer { unsafe freeaddrinfo(target) }
        let family = unsafe target.pointee.ai_family
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = Descriptor(owning: try systemCall("socket", subject) { socket(family, type, 0) })
        let result = unsafe Glibc.connect(descriptor.number, target.pointee.ai_addr, target.pointee.ai_addrlen)
        guard result < 0 else { return descriptor }
        guard Errno.current == .nowInProgress else { throw SystemError("connect", subject, .current) }
        var entry = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&entry, 1, CInt(clamping: timeout.millisecondsRoundedUp)) > 0 else {
            throw SystemError("connect", subject, .timedOut)
        }
        var failure: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        _ = unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &failure, &length)
        guard failure == 0 else { throw SystemError("connect", subject, .init(rawValue: failure)) }
        return descriptor
    }

    /// Returns whether the system allows this user to listen on the port.
    ///
    /// The result is true if the port is in use, or if the question cannot be answered. Ports of 1024 and above are not
    /// tried, because the systems of all users may listen on them.
    public static func mayListen(on address: String, port: Int) -> Bool {
        guard port < 1024 else { return true }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, "\(port)", &hints, &found) == 0, let target = unsafe found else {
            return true
        }
        defer { unsafe freeaddrinfo(target) }
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = unsafe socket(target.pointee.ai_family, type, 0)
        guard number >= 0 else { return true }
        let descriptor = Descriptor(owning: number)
        let result = unsafe bind(descriptor.number, target.pointee.ai_addr, target.pointee.ai_addrlen)
        return result == 0 || Errno.current != .permissionDenied
    }

    /// Sends `GET path` and returns the status and the body of the response, or nil if no complete response arrives
    /// within `timeout`.
    ///
    /// The request uses HTTP/1.0, so the server marks the end of the body by closing the connection. At most 1 MiB is
    /// read.
    public static func get(
        _ path: String, from address: String, port: Int, timeout: Duration
    ) -> (status: Int, body: String)? {
        let deadline = Instant.now + timeout
        guard let socket = try? connect(to: address, port: port, timeout: timeout) else { return nil }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8)
        guard case .success(request.count) = Socket.send(request, from: 0, to: socket.number) else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        reading: while bytes.count < 1 << 20 {
            let remaining = (deadline - Instant.now).millisecondsRoundedUp
            guard remaining > 0 else { return nil }
            guard !Poll.wait([socket.number], milliseconds: remaining).isEmpty else { continue }
            switch Socket.receive(from: socket.number, into: &buffer) {
            case .success(0): break reading
            case .success(let count): bytes += buffer[..<count]
            case .failure(.resourceTemporarilyUnavailable): continue
            case .failure: return nil
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.prefix(64).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1].prefix(3)),
            let end = text.range(of: "\r\n\r\n")
        else { return nil }
        return (status, String(text[end.upperBound...]))
    }
}

extension String {
    /// Returns the range of the first occurrence of `text`.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let (bytes, wanted) = (Array(utf8), Array(text.utf8))
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<start + wanted.count].elementsEqual(wanted) {
            let lower = utf8.index(utf8.startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
