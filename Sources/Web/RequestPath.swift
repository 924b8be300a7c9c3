public import FastCGI

extension Request {
    /// The requested path, without the query.
    ///
    /// Several CGI variables may contain it. The first one that the web server has set is used.
    public var path: String {
        if let path = self["DOCUMENT_URI"] { return path }
        if let script = self["SCRIPT_NAME"] { return script + (self["PATH_INFO"] ?? "") }
        if let path = self["PATH_INFO"] { return path }
        let target = self["REQUEST_URI"] ?? "/"
        return String(target.prefix { $0 != "?" && $0 != "#" })
    }

    /// The method, such as `GET`.
    public var method: String { self["REQUEST_METHOD"] ?? "GET" }

    /// The parsed query, whose parameters have not been checked yet.
    public var query: Query { Query(self["QUERY_STRING"] ?? "") }

    /// Returns the Content-Length, or 0 if the field is missing; throws unless it is a whole number of at least 0.
    public func contentLength() throws(HTTPError) -> Int {
        guard let length = Int(self["CONTENT_LENGTH"] ?? "0"), length >= 0 else {
            throw HTTPError(400, "bad_length", "The request's Content-Length is not a number.")
        }
        return length
    }

    /// Whether the request may have a body of unknown length, because it has a Transfer-Encoding but no Content-Length.
    public var hasUnknownLength: Bool { self["CONTENT_LENGTH"] == nil && self["HTTP_TRANSFER_ENCODING"] != nil }

    /// The media type of the body, in lower case and without parameters; empty if the request does not contain one.
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
