public import FastCGI

extension Request {
    /// The origin of the page that sent the request, if it is a page of another site.
    ///
    /// The origin of this server's own pages is the name that the request was sent to (RFC 6454). The web server may
    /// allow one other origin. A client that is not a page names no origin.
    public var foreignOrigin: String? {
        guard let origin = self["HTTP_ORIGIN"] else { return nil }
        if let allowed = self["ORIEL_ALLOW_ORIGIN"], allowed == origin { return nil }
        guard let host = self["HTTP_HOST"] ?? self["SERVER_NAME"] else { return origin }
        let isOwn = ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
        return isOwn ? nil : origin
    }
}
