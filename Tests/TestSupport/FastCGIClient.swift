public import Linux
public import SystemPackage

/// The web server's side of a FastCGI connection to a worker (FastCGI specification 1.0).
public final class FastCGIClient {
    /// A complete response.
    public struct Answer: Sendable {
        public let status: Int
        /// The headers by their lowercase names.
        public let headers: [String: String]
        public let body: [UInt8]

        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// A part of a stream: a picture and its headers.
    public struct Part: Sendable, Equatable {
        /// The headers by their lowercase names.
        public let headers: [String: String]
        public let body: [UInt8]

        public var number: UInt64? { headers["x-frame-id"].flatMap { UInt64($0) } }
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) { self.description = description }
    }

    public let socket: Descriptor
    /// The bytes of an incomplete record received so far.
    private var received: [UInt8] = []
    /// The bytes of the response that have been received, but that the test has not taken yet.
    public private(set) var output: [UInt8] = []
    /// All received bytes, including record headers, if ``keepsRaw`` is set.
    public private(set) var raw: [UInt8] = []
    /// Whether the worker has sent the end of the response.
    public private(set) var hasEnded = false
    /// Whether the worker has closed the connection.
    public private(set) var isClosed = false
    /// The FastCGI request ID of the request; records with another ID are an error.
    public var request: UInt16 = 1
    /// Whether received bytes are added to ``raw``.
    public var keepsRaw = false

    public init(_ path: FilePath) throws(SystemError) {
        Signals.ignoreBrokenPipe()
        socket = try Socket.connect(to: path)
    }

    // MARK: Sending

    /// Returns one record of the type `kind`.
    public static func record(
        _ kind: UInt8, request: UInt16 = 1, _ content: [UInt8] = [], padding: Int = 0
    ) -> [UInt8] {
        [1, kind, UInt8(request >> 8), UInt8(request & 255), UInt8(content.count >> 8), UInt8(content.count & 255)]
            + [UInt8(padding), 0] + content + [UInt8](repeating: 0, count: padding)
    }

    /// Returns a complete request without a body, as nginx sends it.
    public static func request(_ parameters: [(String, String)], request: UInt16 = 1, flags: UInt8 = 0) -> [UInt8] {
        var pairs: [UInt8] = []
        for (name, value) in parameters {
            pairs += length(name.utf8.count) + length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
        }
        let padding = (8 - pairs.count % 8) % 8
        return record(1, request: request, [0, 1, flags, 0, 0, 0, 0, 0])
            + (pairs.isEmpty ? [] : record(4, request: request, pairs, padding: padding))
            + record(4, request: request) + record(5, request: request)
    }

    /// The parameters that nginx sends for `target`, a path with an optional query.
    public static func parameters(
        _ target: String, method: String = "GET", headers: [String: String] = [:]
    ) -> [(String, String)] {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var parameters = [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method),
            ("QUERY_STRING", parts.count > 1 ? String(parts[1]) : ""), ("REQUEST_URI", target),
            ("SCRIPT_NAME", String(parts[0])), ("DOCUMENT_URI", String(parts[0])), ("REMOTE_ADDR", "127.0.0.1"),
        ]
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            parameters.append(("HTTP_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined(), value))
        }
        return parameters
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 128 { return [UInt8(count)] }
        return [UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
    }

    /// Sends a request for `target` without a body.
    public func ask(_ target: String, method: String = "GET", headers: [String: String] = [:]) throws {
        try send(Self.request(Self.parameters(target, method: method, headers: headers), request: request))
    }

    public func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            offset += try Socket.send(bytes, from: offset, to: socket.number).get()
        }
    }

    // MARK: Receiving

    /// Reads the complete response.
    public func answer(milliseconds: Int = 15_000) throws -> Answer {
        let deadline = Self.deadline(milliseconds)
        while !hasEnded {
            guard try receive(until: deadline) else { throw Failure("the response is not complete") }
        }
        let head = try takeHead()
        defer { output = [] }
        return Answer(status: head.status, headers: head.headers, body: output)
    }

    /// Reads the header of a streaming response.
    public func head(milliseconds: Int = 15_000) throws -> (status: Int, headers: [String: String]) {
        let deadline = Self.deadline(milliseconds)
        while find([13, 10, 13, 10]) == nil {
            guard try receive(until: deadline) else { throw Failure("no response header arrived") }
        }
        return try takeHead()
    }

    /// Reads a streaming response until its unread output contains `text`; returns the output up to the end of `text`.
    public func read(until text: String, milliseconds: Int = 15_000) throws -> String {
        let deadline = Self.deadline(milliseconds)
        let pattern = Array(text.utf8)
        var searched = 0
        while true {
            if let found = output[searched...].firstRange(of: pattern) {
                defer { output.removeFirst(found.upperBound) }
                return String(decoding: output[..<found.upperBound], as: UTF8.self)
            }
            searched = max(0, output.count - pattern.count)
            guard try receive(until: deadline) else {
                throw Failure("'\(text)' did not arrive, but \(String(decoding: output, as: UTF8.self))")
            }
        }
    }

    /// Reads the next part of a stream whose parts have a Content-Length.
    ///
    /// Call ``head(milliseconds:)`` first. Returns nil after the timeout.
    public func part(milliseconds: Int = 15_000) throws -> Part? {
        let deadline = Self.deadline(milliseconds)
        while true {
            if let part = try takePart() { return part }
            guard try receive(until: deadline) else { return nil }
        }
    }

    /// Reads until the worker closes the connection.
    ///
    /// Returns false after the timeout.
    public func readToClose(milliseconds: Int = 15_000) throws -> Bool {
        let deadline = Self.deadline(milliseconds)
        while try receive(until: deadline) {}
        return isClosed
    }

    /// Reads until nothing has arrived for `milliseconds`.
    public func readWhileComing(milliseconds: Int) throws {
        while try receive(until: Self.deadline(milliseconds)) {}
    }

    /// Returns and removes the received output.
    public func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    private static func deadline(_ milliseconds: Int) -> UInt64 {
        Clock.monotonic + UInt64(milliseconds) * 1_000_000
    }

    /// Waits for bytes, reads them, and processes the complete records.
    ///
    /// Returns false if nothing arrives before the deadline or the connection is closed.
    private func receive(until deadline: UInt64) throws -> Bool {
        let now = Clock.monotonic
        guard !isClosed, now < deadline else { return false }
        guard !Poll.wait([socket.number], milliseconds: Int((deadline - now) / 1_000_000) + 1).isEmpty else {
            return false
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let count: Int
        switch Socket.receive(from: socket.number, into: &buffer) {
        case .success(let received): count = received
        case .failure(.connectionReset): count = 0
        case .failure(let errno): throw errno
        }
        guard count > 0 else {
            isClosed = true
            return false
        }
        received += buffer[..<count]
        if keepsRaw { raw += buffer[..<count] }
        try takeRecords()
        return true
    }

    private func takeRecords() throws {
        var offset = 0
        while received.count - offset >= 8 {
            let header = received[offset..<(offset + 8)].map { $0 }
            let byteCount = Int(header[4]) << 8 | Int(header[5])
            let end = offset + 8 + byteCount + Int(header[6])
            guard header[0] == 1, UInt16(header[2]) << 8 | UInt16(header[3]) == request else {
                throw Failure("a record does not have the request ID \(request): \(header)")
            }
            guard received.count >= end else { break }
            let content = received[(offset + 8)..<(offset + 8 + byteCount)]
            switch header[1] {
            case 6: output += content
            case 3: hasEnded = true
            case 7: break
            default: throw Failure("a worker must not send a record of type \(header[1])")
            }
            offset = end
        }
        received.removeSubrange(..<offset)
    }

    private func takeHead() throws -> (status: Int, headers: [String: String]) {
        guard let end = find([13, 10, 13, 10]) else { throw Failure("the response has no header") }
        let headers = Self.headers(output[..<end])
        output.removeSubrange(..<(end + 4))
        guard let status = headers["status"].flatMap({ Int($0.prefix(3)) }) else {
            throw Failure("the response has no status")
        }
        return (status, headers)
    }

    private func takePart() throws -> Part? {
        guard let end = find([13, 10, 13, 10]) else { return nil }
        var head = output[..<end]
        // A boundary precedes the first picture. Each later boundary was removed together with the picture before it.
        if head.starts(with: Array("--frame\r\n".utf8)) { head = head.dropFirst(9) }
        let headers = Self.headers(head)
        guard let length = headers["content-length"].flatMap({ Int($0) }) else {
            throw Failure("a part has no Content-Length: \(headers)")
        }
        let trailer = Array("\r\n--frame\r\n".utf8)
        guard output.count >= end + 4 + length + trailer.count else { return nil }
        let body = Array(output[(end + 4)..<(end + 4 + length)])
        guard Array(output[(end + 4 + length)..<(end + 4 + length + trailer.count)]) == trailer else {
            throw Failure("there is no boundary after a part")
        }
        output.removeSubrange(..<(end + 4 + length + trailer.count))
        return Part(headers: headers, body: body)
    }

    private func find(_ pattern: [UInt8]) -> Int? {
        guard output.count >= pattern.count else { return nil }
        return (0...(min(output.count, 8192) - pattern.count)).first {
            output[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }

    private static func headers(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        var headers: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
        }
        return headers
    }
}
