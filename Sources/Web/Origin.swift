public import FastCGI

extension Request {
    /// The origin of the web page that sent the request, if it is a page of another site that is not allowed.
    ///
    /// Nil if the origin matches the Host header (RFC 6454), because the page is then one of this server's own. Also
    /// nil if it is the one other origin that the web server's configuration allows, or if there is no Origin header,
    /// because only pages send one.
    public var foreignOrigin: String? {
        guard let origin = self["HTTP_ORIGIN"] else { return nil }
        if let allowed = self["ORIEL_ALLOW_ORIGIN"], allowed == origin { return nil }
        guard let host = self["HTTP_HOST"] ?? self["SERVER_NAME"] else { return origin }
        let isOwn = ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
        return isOwn ? nil : origin
    }
}
