import Curl

/// Where an upstream is: an http or https URL without credentials.
public struct UpstreamAddress: Sendable, Equatable, CustomStringConvertible {
    /// The URL to request.
    let url: String

    /// The URL for logs and status: values of query parameters that may be secret are `***`.
    public let description: String

    /// The server's name or address.
    let host: String

    /// The status document of an upstream that is Oriel; nil if the path is not one of Oriel's streams.
    let statusURL: String?

    /// The camera that the path names; nil for the upstream's first camera.
    let upstreamCamera: String?

    /// Takes a URL such as `http://camera.local:9001/mjpeg` or `https://example.org/video/door`.
    ///
    /// Throws a sentence when it is not http or https, does not hold together, or has credentials in it: a command
    /// line is shown to every user of the machine.
    public init(_ text: String) throws(UpstreamError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw UpstreamError("An upstream begins with http:// or https://, such as http://camera.local:9001/mjpeg.")
        }
        guard let parts = URLParts(text) else {
            throw UpstreamError("The upstream's address is not a URL: write it as http://HOST[:PORT]/PATH.")
        }
        guard !parts.hasCredentials else {
            throw UpstreamError(
                "The address of \(parts.host) has credentials in it, which every user of this machine can read: "
                    + "put user:password into the file of --credentials or into ORIEL_UPSTREAM_CREDENTIALS.")
        }
        host = parts.host
        let origin = "\(scheme)://\(parts.host)" + (parts.port.map { ":\($0)" } ?? "")
        url = origin + parts.path + (parts.query.map { "?\($0)" } ?? "")
        description = origin + parts.path + (parts.query.map { "?\(Self.withoutSecrets($0))" } ?? "")
        let status = Self.statusPath(path: parts.path, query: parts.query)
        statusURL = status.map { origin + $0.path }
        upstreamCamera = status?.camera
    }

    /// Whether it is https.
    var isTLS: Bool { url.hasPrefix("https:") }

    /// Whether it is on this machine.
    var isLoopback: Bool {
        host == "[::1]" || host.lowercased() == "localhost"
            || host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    /// Parameters whose values are worth seeing; of all others only the names are shown.
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

    /// `…/mjpeg[/<camera>]`, `…/video[/<camera>]` and `…/?action=stream` have a status beside them.
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
