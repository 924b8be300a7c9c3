import Glibc
public import Linux
import Synchronization

/// An HTTP server on 127.0.0.1 that calls a function of the test for each connection, in a separate thread.
public final class ScriptedServer: Sendable {
    /// The port on which the server listens.
    public let port: UInt16
    private let acceptor: Acceptor

    /// Listens on `port`, or on any free port if `port` is 0.
    ///
    /// Calls `script` for each connection once its first request has arrived.
    public convenience init(port: UInt16 = 0, _ script: @escaping @Sendable (ScriptedClient) -> Void) throws {
        Signals.ignoreBrokenPipe()
        let listener = Descriptor(
            owning: try systemCall("socket", "") { socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0) })
        let number = listener.number
        var one: CInt = 1
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try unsafe withUnsafeMutableBytes(of: &address) { buffer in
            guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
            try systemCall("bind", "127.0.0.1:\(port)") { unsafe bind(number, base, length) }
            try systemCall("listen", "127.0.0.1:\(port)") { listen(number, 64) }
            try systemCall("getsockname", "") { unsafe getsockname(number, base, &length) }
        }
        try self.init(listener, port: UInt16(bigEndian: address.sin_port), script)
    }

    /// Serves on `listener`, a socket that already listens on 127.0.0.1.
    public init(
        _ listener: consuming Descriptor, port: UInt16, _ script: @escaping @Sendable (ScriptedClient) -> Void
    ) throws {
        self.port = port
        let acceptor = Acceptor(listener, script)
        self.acceptor = acceptor
        // The thread retains only the acceptor. The server therefore stops when the test releases the server.
        try Thread("scripted server") { acceptor.run() }.detach()
    }

    deinit { stop() }

    /// The URL of `path` on this server.
    public func url(_ path: String = "/stream") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The number of connections, open or closed, that have requested `path`.
    public func connectionCount(to path: String) -> Int {
        acceptor.clients.withLock { $0.count { $0.requestLines.contains("GET \(path)") } }
    }

    /// The number of open connections that have requested `path`.
    public func openCount(to path: String) -> Int {
        acceptor.clients.withLock { $0.count { $0.isOpen && $0.requestLines.contains("GET \(path)") } }
    }

    /// The number of open connections.
    public var openCount: Int { acceptor.clients.withLock { $0.count { $0.isOpen } } }

    /// The number of connections so far, open or closed.
    public var connectionCount: Int { acceptor.clients.withLock { $0.count } }

    /// The number of requests so far, over all connections.
    public var requestCount: Int { acceptor.clients.withLock { $0.reduce(0) { $0 + $1.requestLines.count } } }

    /// Closes the open connections.
    public func disconnect() {
        for client in acceptor.clients.withLock({ $0 }) { client.close() }
    }

    /// Refuses new connections and closes the open ones.
    public func stop() {
        acceptor.stop()
        disconnect()
    }
}

/// The listening socket of a ``ScriptedServer``.
private final class Acceptor: Sendable {
    let clients = Mutex<[ScriptedClient]>([])
    private let listener: Descriptor
    private let script: @Sendable (ScriptedClient) -> Void
    private let isStopped = Atomic(false)

    init(_ listener: consuming Descriptor, _ script: @escaping @Sendable (ScriptedClient) -> Void) {
        self.listener = listener
        self.script = script
    }

    func run() {
        while !isStopped.load(ordering: .acquiring) {
            let number = accept(listener.number, nil, nil)
            guard number >= 0 else { return }
            let client = ScriptedClient(Descriptor(owning: number), index: clients.withLock { $0.count })
            clients.withLock { $0.append(client) }
            if isStopped.load(ordering: .acquiring) { client.close() }
            let script = script
            try? Thread("scripted client") {
                if client.readRequest() != nil { script(client) }
                client.close()
            }.detach()
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        shutdown(listener.number, Int32(SHUT_RDWR))
    }
}

/// One connection to a ``ScriptedServer``.
public final class ScriptedClient: Sendable {
    /// A request header.
    public struct Request: Sendable {
        /// The method and the path, such as `GET /stream`.
        public let line: String
        /// The headers by their lowercase names.
        public let headers: [String: String]
        public var path: String { String(line.drop { $0 != " " }.dropFirst()) }
    }

    /// The number of this connection, counted from 0.
    public let index: Int
    private let descriptor: Descriptor
    private let isClosed = Atomic(false)
    private let received = Mutex<[Request]>([])

    init(_ descriptor: consuming Descriptor, index: Int) {
        self.descriptor = descriptor
        self.index = index
        var one: CInt = 1
        _ = unsafe setsockopt(self.descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    /// The method and path of each request so far, such as `GET /stream`.
    public var requestLines: [String] { received.withLock { $0.map(\.line) } }

    /// The last request.
    public var request: Request? { received.withLock { $0.last } }

    /// Whether neither the server nor the client has closed the connection.
    public var isOpen: Bool {
        guard !isClosed.load(ordering: .acquiring) else { return false }
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor.number, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count > 0 || (count < 0 && errno == EAGAIN)
    }

    /// Reads the next request header on this connection.
    ///
    /// Returns nil if the client has closed the connection.
    public func readRequest() -> Request? {
        var text: [UInt8] = []
        while !text.suffix(4).elementsEqual([13, 10, 13, 10]) {
            var byte: UInt8 = 0
            guard unsafe recv(descriptor.number, &byte, 1, 0) == 1, text.count < 65536 else { return nil }
            text.append(byte)
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
        }
        let words = (lines.first ?? "").split(separator: " ")
        let request = Request(line: words.prefix(2).joined(separator: " "), headers: headers)
        received.withLock { $0.append(request) }
        return request
    }

    /// Sends all of `bytes`.
    ///
    /// Returns false if the connection is closed.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor.number, $0.baseAddress.map { unsafe $0 + offset }, bytes.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// Sends all of `text`.
    ///
    /// Returns false if the connection is closed.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Waits for `milliseconds`.
    ///
    /// Returns false as soon as the connection is closed.
    @discardableResult
    public func pause(milliseconds: Int) -> Bool {
        let end = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        while isOpen {
            let now = Clock.monotonic
            guard now < end else { return true }
            usleep(UInt32(min(5000, (end - now) / 1000 + 1)))
        }
        return false
    }

    /// Waits until the client closes the connection or the server stops.
    public func waitForClose() {
        while pause(milliseconds: 1000) {}
    }

    /// Resets the connection; data that the client has not read yet is lost.
    public func reset() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // Connecting to AF_UNSPEC resets the connection but keeps the descriptor (connect(2)).
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe connect(descriptor.number, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Closes the connection.
    public func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) {
            shutdown(descriptor.number, Int32(SHUT_RDWR))
        }
    }
}
