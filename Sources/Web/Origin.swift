public import FastCGI

extension Request {
    /// The origin of the page that sent the request, or nil if it is one of this server's own pages or not a page.
    ///
    /// The origin of an own page matches the Host header (RFC 6454). The web server may allow one other origin. Clients
    /// other than pages send no Origin header.
    public var foreignOrigin: String? {
        guard let origin = self["HTTP_ORIGIN"] else { return nil }
        if let allowed = self["ORIEL_ALLOW_ORIGIN"], allowed == origin { return nil }
        guard let host = self["HTTP_HOST"] ?? self["SERVER_NAME"] else { return origin }
        let isOwn = ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
        return isOwn ? nil : origin
    }
}
