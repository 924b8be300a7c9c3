public import FastCGI

extension Request {
    /// The requested path, from the first of several CGI variables that the web server has set.
    public var path: String {
        if let path = self["DOCUMENT_URI"] { return path }
        if let script = self["SCRIPT_NAME"] { return script + (self["PATH_INFO"] ?? "") }
        if let path = self["PATH_INFO"] { return path }
        let target = self["REQUEST_URI"] ?? "/"
        return String(target.prefix { $0 != "?" && $0 != "#" })
    }

    /// The method, such as `GET`.
    public var method: String { self["REQUEST_METHOD"] ?? "GET" }

    /// The parsed query; its parameters are not checked.
    public var query: Query { Query(self["QUERY_STRING"] ?? "") }

    /// Returns the Content-Length, or 0 if there is none; throws if the field is not a number.
    public func contentLength() throws(HTTPError) -> Int {
        guard let length = Int(self["CONTENT_LENGTH"] ?? "0"), length >= 0 else {
            throw HTTPError(400, "bad_length", "The request's Content-Length is not a number.")
        }
        return length
    }

    /// Whether there may be a body of unknown length, because the client uses the chunked transfer coding.
    public var hasUnknownLength: Bool { self["CONTENT_LENGTH"] == nil && self["HTTP_TRANSFER_ENCODING"] != nil }

    /// The media type of the body, in lower case, without parameters.
    public var mediaType: String {
        (self["CONTENT_TYPE"] ?? "").split(separator: ";").first.map { $0.trimmed.lowercased() } ?? ""
    }

    /// Throws an error with status 405 unless the method is one of `methods`.
    public func check(methods: [String]) throws(HTTPError) {
        guard !methods.contains(method) else { return }
        let list = methods.joined(separator: ", ")
        throw HTTPError(
            405, "method_not_allowed", "Method \(Excerpt(method)) is not allowed here; use \(list).",
            headers: [("Allow", list)])
    }

    /// Throws an error with status 403 if a page of another site sent the request.
    public func checkOrigin() throws(HTTPError) {
        guard let origin = foreignOrigin else { return }
        throw HTTPError(
            403, "foreign_origin", "Pages of other sites (\(HeaderText(origin))) are not allowed to do this.")
    }
}
