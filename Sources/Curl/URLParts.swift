import CCurl

/// The parts of a URL.
///
/// libcurl parses the URL, so that callers check exactly the host and path that libcurl will request.
public struct URLParts: Equatable, Sendable {
    /// The host name or IP address; an IPv6 address is in brackets.
    public let host: String
    /// Whether the URL contains a user name or a password.
    public let hasCredentials: Bool
    public let port: String?
    /// The path, which begins with `/`.
    public let path: String
    public let query: String?

    /// Returns nil if libcurl cannot parse `text`.
    public init?(_ text: String) {
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }), let handle = unsafe curl_url() else {
            return nil
        }
        // The handle is used only in this initializer, which always frees it.
        defer { unsafe curl_url_cleanup(handle) }
        guard unsafe curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK,
            let host = unsafe Self.part(CURLUPART_HOST, of: handle), !host.isEmpty
        else { return nil }
        self.host = host
        hasCredentials = [CURLUPART_USER, CURLUPART_PASSWORD].contains { unsafe Self.part($0, of: handle) != nil }
        port = unsafe Self.part(CURLUPART_PORT, of: handle)
        path = unsafe Self.part(CURLUPART_PATH, of: handle) ?? "/"
        query = unsafe Self.part(CURLUPART_QUERY, of: handle)
    }

    /// Returns a part of the URL, or nil if the URL does not have this part.
    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
        // libcurl allocated the text for the caller.
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
