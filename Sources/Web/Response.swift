import FastCGI
public import JSON

/// The names of Oriel's own header fields.
public enum HeaderName {
    public static let timestamp = "X-Timestamp"
    public static let frameNumber = "X-Frame-Id"
    /// The reason why the picture is not current.
    public static let offline = "X-Oriel-Offline"
}

/// Text that is safe in a header field.
///
/// All characters other than printable ASCII are replaced with `?`.
public struct HeaderText: CustomStringConvertible {
    public let description: String

    public init(_ text: String) {
        description = String(
            String.UnicodeScalarView(text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
    }
}

/// A response, before it is framed as FastCGI records.
public struct Response: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The header in CGI format (RFC 3875, section 6.3), including the empty line.
    public var head: [UInt8] {
        var text = "Status: \(status) \(Self.reason(status))\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// Returns the complete response as FastCGI records.
    ///
    /// If `isHeadOnly` is true, the records contain only the header.
    public func records(request: UInt16, isHeadOnly: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        var content = head
        if !isHeadOnly { content += body }
        Record.appendOutput(content, request: request, to: &bytes)
        Record.appendEnd(request: request, to: &bytes)
        return bytes
    }

    public static func json(_ value: JSON, status: Int = 200) -> Response {
        let body = Array((value.text + "\n").utf8)
        return Response(
            status: status,
            headers: [
                ("Content-Type", "application/json"), ("Content-Length", "\(body.count)"),
                ("Cache-Control", "no-store"),
            ],
            body: body)
    }

    /// Returns the response `{"error": …, "message": …}`, which has a code for programs and a sentence for people.
    public static func error(
        _ status: Int, _ error: String, _ message: String, fields: [(String, JSON)] = []
    ) -> Response {
        json(.object([("error", .text(error))] + fields + [("message", .text(message))]), status: status)
    }

    /// Returns a copy with one more header field.
    public func adding(_ name: String, _ value: String) -> Response {
        var response = self
        response.headers.append((name, value))
        return response
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 508: "Loop Detected"
        default: "Internal Server Error"
        }
    }
}
