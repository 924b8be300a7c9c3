public import FastCGI

extension Request {
    /// The path that the client asked for, by whichever variable the web server gives it.
    public var path: String {
        if let path = self["DOCUMENT_URI"] { return path }
        if let script = self["SCRIPT_NAME"] { return script + (self["PATH_INFO"] ?? "") }
        if let path = self["PATH_INFO"] { return path }
        let target = self["REQUEST_URI"] ?? "/"
        return String(target.prefix { $0 != "?" && $0 != "#" })
    }

    /// The method, such as `GET`.
    public var method: String { self["REQUEST_METHOD"] ?? "GET" }

    /// The query, without checking it.
    public var query: Query { Query(self["QUERY_STRING"] ?? "") }

    /// The length of the body that the client announces.
    ///
    /// Throws if the field is not a number.
    public func contentLength() throws(HTTPError) -> Int {
        guard let length = Int(self["CONTENT_LENGTH"] ?? "0"), length >= 0 else {
            throw HTTPError(400, "bad_length", "The request's Content-Length is not a number.")
        }
        return length
    }

    /// The media type of the body, in lower case and without parameters.
    public var mediaType: String {
        (self["CONTENT_TYPE"] ?? "").split(separator: ";").first.map { $0.trimmed.lowercased() } ?? ""
    }

    /// Refuses methods other than `methods`.
    public func check(methods: [String]) throws(HTTPError) {
        guard !methods.contains(method) else { return }
        let list = methods.joined(separator: ", ")
        throw HTTPError(
            405, "method_not_allowed", "Method \(Excerpt(method)) is not allowed here; use \(list).",
            headers: [("Allow", list)])
    }

    /// Refuses requests that a page of another site makes.
    public func checkOrigin() throws(HTTPError) {
        guard let origin = foreignOrigin else { return }
        throw HTTPError(
            403, "foreign_origin", "Pages of other sites (\(HeaderText(origin))) may not do this.")
    }
}
