/// The status and headers of a response.
public struct HTTPHead: Sendable {
    public let status: Int
    /// The headers in the order in which they were received, with lowercase names.
    public let headers: [(name: String, value: String)]

    /// Parses `text`, a response header that does not include the empty line after it.
    public init(_ text: String) throws {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = lines.removeFirst().split(separator: " ")
        guard status.count >= 2, status[0].hasPrefix("HTTP/1."), let code = Int(status[1]) else {
            throw HTTPConnection.Failure.notHTTP(text)
        }
        self.status = code
        headers = lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
    }

    /// Returns the value of the first header called `name` (lowercase).
    public subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A complete response.
public struct HTTPResponse: Sendable {
    public let head: HTTPHead
    public let body: [UInt8]

    public var status: Int { head.status }
    public var text: String { String(decoding: body, as: UTF8.self) }
    public var json: JSON? { JSON(text) }
    public subscript(name: String) -> String? { head[name] }
}
