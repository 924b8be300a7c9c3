import Linux
import SharedFrame

/// Why no pictures come from an upstream.
enum UpstreamProblem: Error, Hashable {
    case cannotResolve
    case cannotResolveProxy
    case refused
    /// A proxy, or where a redirect leads to.
    case refusedOnTheWay(String)
    /// What a proxy answers instead of connecting.
    case proxyStatus(Int)
    case unreachable(String)
    case connectTimeout(Duration)
    /// Connected, but no byte for so long.
    case silent(Duration)
    /// Bytes come, but no whole picture for so long.
    case noWholePicture(Duration)
    /// The same picture once more, again and again, and nothing tells why.
    case repeating(Duration)
    /// The stream ended.
    case ended
    /// The connection broke.
    case broken(String)
    case status(Int)
    case notPictures(contentType: String)
    case notHTTP
    case certificateRefused(String)
    case certificateFile(String)
    case tlsFailed(String)
    case tooManyRedirects
    case redirectElsewhere
    case headerTooLarge
    case pictureTooLarge(limit: Int)
    case brokenStream(String)
    case notJPEG(String)
    /// The picture does not get into shared memory.
    case ring(String)
    /// The upstream says so itself.
    case camera(CameraState, reason: String)
    case other(String)

    /// What the ring says while this lasts.
    var state: CameraState {
        switch self {
        case .silent, .noWholePicture, .repeating: .stalled
        case .status(let status) where status < 500: .error
        case .proxyStatus(let status) where status < 500: .error
        case .notPictures, .notHTTP, .certificateRefused, .certificateFile, .tlsFailed, .tooManyRedirects,
            .redirectElsewhere, .headerTooLarge, .pictureTooLarge, .brokenStream, .notJPEG, .ring:
            .error
        case .camera(let state, _): state
        default: .waiting
        }
    }

    /// Whether it may be over the next moment without anybody's doing.
    ///
    /// A server starts again, a network comes back; and a server whose parts come one after the other does not know its
    /// camera for a moment.
    var mayEndByItself: Bool { state != .error || self == .status(404) }

    /// One sentence for a person: the thing, the cause, the remedy.
    ///
    /// `upstream` is the address without secrets.
    func sentence(_ upstream: UpstreamAddress) -> String {
        switch self {
        case .cannotResolve: "The name of \(upstream) is not known: correct it, or check this machine's name server."
        case .cannotResolveProxy:
            "The name of the proxy for \(upstream) is not known: correct http_proxy or https_proxy."
        case .refused: "\(upstream) refuses connections: start the server there, or correct the port."
        case .refusedOnTheWay(let other):
            "\(upstream) is reached by way of \(other), which refuses connections: correct http_proxy, https_proxy or "
                + "the address."
        case .proxyStatus(let status): Self.sentence(proxyStatus: status, upstream)
        case .unreachable(let detail): "\(upstream) cannot be reached (\(detail)): check the network and the firewalls."
        case .connectTimeout(let limit):
            "\(upstream) did not accept a connection within \(Self.text(limit)) s: check that it is on, "
                + (upstream.isTLS ? "that the port speaks https, and firewalls." : "and firewalls.")
        case .silent(let limit):
            "\(upstream) is connected but sent nothing for \(Self.text(limit)) s: connecting again."
        case .noWholePicture(let limit):
            "\(upstream) sends, but no whole picture for \(Self.text(limit)) s: the network may be too slow for it."
        case .repeating(let limit):
            "\(upstream) has sent no new picture for \(Self.text(limit)) s, only the last again: see its camera."
        case .ended: "\(upstream) ended the stream: connecting again."
        case .broken(let detail): "The connection to \(upstream) broke (\(detail)): connecting again."
        case .status(let status): Self.sentence(status: status, upstream)
        case .notPictures(let type):
            "\(upstream) answers with \(type), not with MJPEG or JPEG: give the address of the stream itself."
        case .notHTTP: "\(upstream) does not speak HTTP: correct the port."
        case .certificateRefused(let detail):
            "The TLS certificate of \(upstream) is refused (\(detail)): correct it, or trust its issuer by --ca-file."
        case .certificateFile(let detail): "The file of --ca-file cannot be used (\(detail)): give a PEM file."
        case .tlsFailed(let detail): "No TLS with \(upstream) (\(detail)): check that the port speaks https."
        case .tooManyRedirects: "\(upstream) redirects more than five times: give the address that it means."
        case .redirectElsewhere:
            "\(upstream) redirects out of its protocol: give the address of the stream itself."
        case .headerTooLarge: "\(upstream) sends headers without end: that is no camera's answer, check the address."
        case .pictureTooLarge(let limit):
            "\(upstream) sends pictures of more than \(limit >> 20) MiB: choose a smaller size or quality there."
        case .brokenStream(let detail): "The stream of \(upstream) cannot be read (\(detail)): check that it is MJPEG."
        case .notJPEG(let detail): "\(upstream) sends what is no JPEG (\(detail)): check that the stream is MJPEG."
        case .ring(let detail): "Pictures of \(upstream) cannot be kept: \(detail)"
        case .camera(let state, let reason): reason.isEmpty ? "\(upstream) says: \(state.name)." : reason
        case .other(let detail): "\(upstream) cannot be read (\(detail)): check the address."
        }
    }

    private static func sentence(status: Int, _ upstream: UpstreamAddress) -> String {
        switch status {
        case 401: "\(upstream) wants credentials or refuses them (401): give them by --credentials, or correct them."
        case 403: "\(upstream) refuses access (403): allow this machine or user there."
        case 404: "\(upstream) does not exist (404): correct the path or the camera's name."
        case 407: sentence(proxyStatus: 407, upstream)
        case 429, 503: "\(upstream) is overloaded or not ready (\(status)): it is asked again."
        case 500...: "\(upstream) fails (\(status)): see the log of the server there; it is asked again."
        default: "\(upstream) answers \(status) instead of a stream: correct the address."
        }
    }

    private static func sentence(proxyStatus status: Int, _ upstream: UpstreamAddress) -> String {
        if status == 407 {
            return "The proxy for \(upstream) wants credentials (407): put them into http_proxy or https_proxy."
        }
        return "The proxy for \(upstream) does not connect to it (\(status)): correct https_proxy, or name the host in "
            + "no_proxy."
    }

    /// Seconds without needless digits: `5`, `0.5`.
    private static func text(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        return seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    }
}
