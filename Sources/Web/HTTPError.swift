public import JSON

/// Why a request is refused: a status, a code for programs and a sentence for people.
public struct HTTPError: Error, Sendable {
    public var status: Int
    /// A code for programs, such as `camera_offline`.
    public var code: String
    /// One sentence that names the thing, the cause and the remedy.
    public var message: String
    public var headers: [(name: String, value: String)]
    /// Additional members of the JSON object.
    public var fields: [(String, JSON)]

    public init(
        _ status: Int, _ code: String, _ message: String, headers: [(name: String, value: String)] = [],
        fields: [(String, JSON)] = []
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
        self.fields = fields
    }

    /// A temporary error: the client should retry after `seconds`.
    public static func temporary(
        _ code: String, _ message: String, retryAfter seconds: Int, status: Int = 503, fields: [(String, JSON)] = []
    ) -> HTTPError {
        HTTPError(status, code, message, headers: [("Retry-After", "\(seconds)")], fields: fields)
    }

    /// `{"error": …, "message": …}`, with `leading` members before them.
    public func response(leading: [(String, JSON)] = []) -> Response {
        var response = Response.error(status, code, message, fields: leading + fields)
        response.headers += headers
        return response
    }
}
