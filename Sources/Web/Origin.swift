public import FastCGI

extension Request {
    /// The origin of the web page that sent the request, if the page belongs to another site that is not allowed.
    ///
    /// It is nil if the origin matches the Host header (RFC 6454), because the page then belongs to this server. It is
    /// also nil if the web server's configuration allows the origin, or if there is no Origin header, because then no
    /// web page has sent the request.
    public var foreignOrigin: String? {
        guard let origin = self["HTTP_ORIGIN"] else { return nil }
        if let allowed = self["ORIEL_ALLOW_ORIGIN"], allowed == origin { return nil }
        guard let host = self["HTTP_HOST"] ?? self["SERVER_NAME"] else { return origin }
        let isOwn = ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
        return isOwn ? nil : origin
    }
}
