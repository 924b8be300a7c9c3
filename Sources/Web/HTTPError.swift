public import JSON

/// The reason why a request is refused, from which the error response is created.
public struct HTTPError: Error, Sendable {
    public var status: Int
    /// A code that clients can evaluate, such as `camera_offline`.
    public var code: String
    /// One sentence for people, which says what failed, why, and what to do about it.
    public var message: String
    /// Additional header fields of the response.
    public var headers: [(name: String, value: String)]
    /// Additional members of the JSON object in the response.
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

    /// Returns a temporary error; its Retry-After field asks the client to retry after `seconds`.
    public static func temporary(
        _ code: String, _ message: String, retryAfter seconds: Int, status: Int = 503, fields: [(String, JSON)] = []
    ) -> HTTPError {
        HTTPError(status, code, message, headers: [("Retry-After", "\(seconds)")], fields: fields)
    }

    /// Returns the response `{"error": …, "message": …}`, with the members `leading` at the beginning of the object.
    public func response(leading: [(String, JSON)] = []) -> Response {
        var response = Response.error(status, code, message, fields: leading + fields)
        response.headers += headers
        return response
    }
}
