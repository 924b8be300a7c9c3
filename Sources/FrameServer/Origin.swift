public import FastCGI

extension Request {
    /// The origin of the page that asks, where that is a page of another site.
    ///
    /// A page of this very server has as its origin the name that the request was sent to (RFC 6454); others are welcome
    /// where the web server says so. What is no page names no origin.
    public var foreignOrigin: String? {
        guard let origin = self["HTTP_ORIGIN"] else { return nil }
        if let allowed = self["ORIEL_ALLOW_ORIGIN"], allowed == origin { return nil }
        guard let host = self["HTTP_HOST"] ?? self["SERVER_NAME"] else { return origin }
        let isOwn = ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
        return isOwn ? nil : origin
    }
}
