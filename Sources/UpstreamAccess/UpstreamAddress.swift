import Curl

/// The address of an upstream, which is an http or https URL without credentials.
public struct UpstreamAddress: Sendable, Equatable, CustomStringConvertible {
    /// The URL to request.
    public let url: String

    /// The URL as it is shown in logs and the status.
    ///
    /// The values of query parameters are replaced with `***` if they may be secret.
    public let description: String

    /// The server's host name or IP address.
    public let host: String

    /// The URL of the upstream's status document, or nil if the path is not the path of an Oriel stream.
    public let statusURL: String?

    /// The name of the camera in the path, or nil if the path contains none, which means the upstream's first camera.
    public let upstreamCamera: String?

    /// Parses a URL such as `http://camera.local:9001/mjpeg` or `https://example.org/video/door`.
    ///
    /// - Throws: An error if the URL is invalid, or is neither http nor https. Credentials in the URL are also an
    ///   error, because every user of the machine can see the command line.
    public init(_ text: String) throws(UpstreamError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw UpstreamError(
                "an upstream must begin with http:// or https://, such as http://camera.local:9001/mjpeg")
        }
        guard let parts = URLParts(text) else {
            throw UpstreamError(
                "the upstream's address is not a valid URL: correct its host or its port, as in "
                    + "http://camera.local:9001/mjpeg")
        }
        guard !parts.hasCredentials else {
            throw UpstreamError(
                "the address of \(parts.host) contains credentials, which every user of this machine can see: "
                    + "put user:password in the --credentials file or in ORIEL_UPSTREAM_CREDENTIALS")
        }
        host = parts.host
        let origin = "\(scheme)://\(parts.host)" + (parts.port.map { ":\($0)" } ?? "")
        url = origin + parts.path + (parts.query.map { "?\($0)" } ?? "")
        description = origin + parts.path + (parts.query.map { "?\(Self.withoutSecrets($0))" } ?? "")
        let status = Self.statusPath(path: parts.path, query: parts.query)
        statusURL = status.map { origin + $0.path }
        upstreamCamera = status?.camera
    }

    /// Whether the scheme is https.
    public var isTLS: Bool { url.hasPrefix("https:") }

    /// Whether the host is this machine.
    public var isLoopback: Bool {
        host == "[::1]" || host.lowercased() == "localhost"
            || host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    /// The query parameters whose values are shown.
    ///
    /// The values of all other parameters are hidden.
    private static let harmlessParameters: Set<String> = [
        "action", "advance_headers", "cam", "camera", "ch", "channel", "compression", "fps", "height", "quality",
        "resolution", "size", "stream", "subtype", "width",
    ]

    private static func withoutSecrets(_ query: String) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false).map { parameter in
            guard let sign = parameter.firstIndex(of: "=") else { return parameter.isEmpty ? "" : "***" }
            let name = parameter[..<sign]
            return harmlessParameters.contains(name.lowercased()) ? String(parameter) : "\(name)=***"
        }.joined(separator: "&")
    }

    /// Returns the path of the status document, and the camera in the path of the stream.
    ///
    /// Returns nil if the path is none of `…/mjpeg[/<camera>]`, `…/video[/<camera>]` and `…/?action=stream`.
    private static func statusPath(path: String, query: String?) -> (path: String, camera: String?)? {
        var segments = path.split(separator: "/").map(String.init)
        if let stream = segments.lastIndex(where: { $0 == "mjpeg" || $0 == "video" }), stream >= segments.count - 2 {
            let camera = stream == segments.count - 2 ? segments.removeLast() : nil
            segments[stream] = "status"
            return ("/" + (segments + [camera].compactMap(\.self)).joined(separator: "/"), camera)
        }
        guard path.hasSuffix("/"), query?.split(separator: "&").contains("action=stream") == true else { return nil }
        return (path + "status", nil)
    }
}
