/// An HTTP request and its response; the test reads the response's body piece by piece.
public final class HTTPExchange {
    public let head: HTTPHead
    private let connection: HTTPConnection
    /// Received bytes that have not been returned yet.
    private var pending: [UInt8]
    /// The number of bytes of the current chunk that have not been returned yet.
    private var chunkRemainder = 0
    private var isFirstChunk = true
    /// The number of bytes of the body that have not been returned yet; nil without a Content-Length.
    private var remainder: Int?
    private var isOver = false

    /// Sends a request and waits for the response header.
    ///
    /// - Parameters:
    ///   - method: The method of the request.
    ///   - url: `http://ADDRESS:PORT/PATH`, where the address is numeric or `localhost`.
    ///   - headers: Additional headers. A header `Host` replaces the default `Host` header.
    ///   - body: The body, which is sent with a Content-Length, or nil to send no body.
    ///   - seconds: How long to wait for the response header.
    /// - Throws: `HTTPConnection.Failure` or `SystemError`.
    public init(
        _ method: String = "GET", _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil,
        within seconds: Double = 10
    ) throws {
        let target = try Target(url)
        connection = try HTTPConnection(address: target.address, port: target.port)
        var request = "\(method) \(target.path) HTTP/1.1\r\n"
        if headers["Host"] == nil { request += "Host: \(target.authority)\r\n" }
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        if let body { request += "Content-Length: \(body.count)\r\n" }
        try connection.send(Array((request + "\r\n").utf8) + (body ?? []))
        let deadline = Deadline(seconds: seconds)
        var received: [UInt8] = []
        while true {
            if let end = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = try HTTPHead(String(decoding: received[..<end.lowerBound], as: UTF8.self))
                pending = Array(received[end.upperBound...])
                break
            }
            let bytes = try connection.receive(by: deadline)
            if bytes.isEmpty { throw HTTPConnection.Failure.ended }
            received += bytes
        }
        let hasNoBody = method == "HEAD" || head.status == 304 || head.status == 204
        remainder = hasNoBody ? 0 : head["content-length"].flatMap { Int($0) }
    }

    private var isChunked: Bool { head["transfer-encoding"] == "chunked" }

    /// Returns the next bytes of the body, or no bytes at its end.
    public func next(by deadline: Deadline) throws -> [UInt8] {
        if isOver || remainder == 0 { return [] }
        if isChunked { return try nextChunk(by: deadline) }
        var bytes = pending
        pending = []
        if bytes.isEmpty { bytes = try connection.receive(by: deadline) }
        if bytes.isEmpty {
            isOver = true
            if remainder != nil { throw HTTPConnection.Failure.ended }
        }
        remainder = remainder.map { $0 - bytes.count }
        return bytes
    }

    private func nextChunk(by deadline: Deadline) throws -> [UInt8] {
        if chunkRemainder == 0 {
            let size = try line(by: deadline)
            chunkRemainder = Int(size, radix: 16) ?? 0
            if chunkRemainder == 0 {
                isOver = true
                return []
            }
        }
        try fill(by: deadline)
        let bytes = Array(pending.prefix(chunkRemainder))
        pending.removeFirst(bytes.count)
        chunkRemainder -= bytes.count
        if chunkRemainder == 0 { _ = try line(by: deadline) }
        return bytes
    }

    private func line(by deadline: Deadline) throws -> String {
        var text: [UInt8] = []
        while true {
            try fill(by: deadline)
            let byte = pending.removeFirst()
            if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
            if byte != UInt8(ascii: "\r") { text.append(byte) }
        }
    }

    private func fill(by deadline: Deadline) throws {
        guard pending.isEmpty else { return }
        pending = try connection.receive(by: deadline)
        if pending.isEmpty { throw HTTPConnection.Failure.ended }
    }

    private struct Target {
        let address: String
        let authority: String
        let port: Int
        let path: String

        init(_ url: String) throws {
            guard url.hasPrefix("http://") else { throw HTTPConnection.Failure.noSuchAddress(url) }
            let rest = url.dropFirst(7)
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<slash])
            path = slash == rest.endIndex ? "/" : String(rest[slash...])
            guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
            else { throw HTTPConnection.Failure.noSuchAddress(url) }
            self.port = port
            let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
            address = host == "localhost" ? "127.0.0.1" : host
        }
    }
}

/// Sends a request and reads the complete response.
public func request(
    _ method: String = "GET", _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil,
    within seconds: Double = 15
) throws -> HTTPResponse {
    let exchange = try HTTPExchange(method, url, headers: headers, body: body, within: seconds)
    let deadline = Deadline(seconds: seconds)
    var received: [UInt8] = []
    while true {
        let bytes = try exchange.next(by: deadline)
        if bytes.isEmpty { break }
        received += bytes
    }
    return HTTPResponse(head: exchange.head, body: received)
}
