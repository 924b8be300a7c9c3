import Linux
import MotionJPEG
import SharedFrame
import UpstreamAccess

/// Why an upstream delivers no pictures.
enum UpstreamProblem: Error, Hashable {
    case cannotResolve
    case cannotResolveProxy
    case refused
    /// A proxy or the target of a redirect refuses connections; the value is its host and port.
    case refusedByIntermediary(String)
    /// The status code that a proxy returned instead of connecting.
    case proxyStatus(Int)
    case unreachable(String)
    case connectTimeout(Duration)
    /// The connection is open, but no data has arrived within the timeout.
    case silent(Duration)
    /// Data arrives, but no whole picture has arrived within the timeout.
    case noWholePicture(Duration)
    /// Only the last picture is repeated, for an unknown reason.
    case repeating(Duration)
    /// The server has ended the stream.
    case ended
    /// The connection was lost.
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
    /// Data arrives, but it contains neither a boundary between parts nor a JPEG.
    case noParts(String)
    /// The parts of the stream have this Content-Type and are not JPEGs.
    case otherParts(contentType: String)
    /// The picture cannot be written to shared memory.
    case ring(String)
    /// The upstream reports that its camera has this state, for this reason.
    case camera(CameraState, reason: String)
    case other(String)

    /// The problem of a picture without an end marker.
    static let truncated = UpstreamProblem.notJPEG("\(JPEGDefect.truncated)")

    /// The state of the camera that is published while this problem lasts.
    var state: CameraState {
        switch self {
        case .silent, .noWholePicture, .repeating: .stalled
        case .status(let status) where status < 500 || status == 508: .error
        case .proxyStatus(let status) where status < 500: .error
        case .notPictures, .notHTTP, .certificateRefused, .certificateFile, .tlsFailed, .tooManyRedirects,
            .redirectElsewhere, .headerTooLarge, .pictureTooLarge, .brokenStream, .notJPEG, .noParts,
            .otherParts, .ring:
            .error
        case .camera(let state, _): state
        default: .waiting
        }
    }

    /// Whether the problem may disappear by itself.
    ///
    /// For example, the server may restart, or the network may recover. A server that is starting may briefly return
    /// 404.
    var isTransient: Bool { state != .error || self == .status(404) }

    /// Returns one sentence for users, which says what is wrong and what to do about it.
    ///
    /// The sentence contains the description of `upstream`, in which secrets are hidden.
    func sentence(_ upstream: UpstreamAddress) -> String {
        switch self {
        case .cannotResolve: "The host name of \(upstream) cannot be resolved: correct it, or check this machine's DNS."
        case .cannotResolveProxy:
            "The host name of the proxy for \(upstream) cannot be resolved: correct http_proxy or https_proxy."
        case .refused: "\(upstream) refuses connections: start the server there, or correct the port."
        case .refusedByIntermediary(let other):
            "\(upstream) is reached through \(other), which refuses connections: correct http_proxy, https_proxy or "
                + "the address."
        case .proxyStatus(let status): Self.sentence(proxyStatus: status, upstream)
        case .unreachable(let detail): "\(upstream) cannot be reached (\(detail)): check the network and the firewalls."
        case .connectTimeout(let limit):
            "\(upstream) did not accept a connection within \(Self.text(limit)) s: check that it is running, "
                + (upstream.isTLS ? "that the port speaks https, " : "") + "and that no firewall blocks it."
        case .silent(let limit):
            "\(upstream) has sent nothing for \(Self.text(limit)) s, although the connection is open: reconnecting."
        case .noWholePicture(let limit):
            "\(upstream) has sent data but no whole picture for \(Self.text(limit)) s: the network may be too slow."
        case .repeating(let limit):
            "\(upstream) has sent no new picture for \(Self.text(limit)) s, only the last one again: check its camera."
        case .ended: "\(upstream) ended the stream: reconnecting."
        case .broken(let detail): "The connection to \(upstream) was lost (\(detail)): reconnecting."
        case .status(let status): Self.sentence(status: status, upstream)
        case .notPictures(let type):
            "\(upstream) returns \(type), not MJPEG or JPEG: use the address of the stream itself."
        case .notHTTP: "\(upstream) does not speak HTTP: correct the port."
        case .certificateRefused(let detail):
            "The TLS certificate of \(upstream) is not trusted (\(detail)): correct it, or trust its issuer with "
                + "--ca-file."
        case .certificateFile(let detail): "The --ca-file cannot be used (\(detail)): specify a PEM file."
        case .tlsFailed(let detail):
            "The TLS handshake with \(upstream) failed (\(detail)): check that the port speaks https."
        case .tooManyRedirects: "\(upstream) redirects more than five times: use the final address."
        case .redirectElsewhere:
            "\(upstream) redirects to another protocol: use the address of the stream itself."
        case .headerTooLarge: "\(upstream) sends endless headers, which no camera does: check the address."
        case .pictureTooLarge(let limit):
            "\(upstream) sends pictures larger than \(limit >> 20) MiB: reduce their size or quality there."
        case .brokenStream(let detail): "The stream of \(upstream) cannot be read (\(detail)): check that it is MJPEG."
        case .notJPEG(let detail): "\(upstream) sends invalid JPEGs (\(detail)): check that the stream is MJPEG."
        case .noParts(let detail):
            "\(upstream) sends no multipart boundary and no JPEG, only \(detail): check that the stream is MJPEG."
        case .otherParts(let type):
            "\(upstream) sends parts of type \(type), not JPEGs: use the address of the MJPEG stream."
        case .ring(let detail): "Pictures from \(upstream) cannot be stored: \(detail)"
        case .camera(let state, let reason): reason.isEmpty ? "\(upstream) reports the state \(state.name)." : reason
        case .other(let detail): "\(upstream) cannot be read (\(detail)): check the address."
        }
    }

    private static func sentence(status: Int, _ upstream: UpstreamAddress) -> String {
        switch status {
        case 401: "\(upstream) requires valid credentials (401): specify them with --credentials, or correct them."
        case 403: "\(upstream) denies access (403): allow this machine or user there."
        case 404: "\(upstream) does not exist (404): correct the path or the camera's name."
        case 407: sentence(proxyStatus: 407, upstream)
        case 429, 503: "\(upstream) is overloaded or not ready (\(status)): retrying."
        case 508:
            "\(upstream) leads back to this camera itself (508): use the address of the server that has the camera."
        case 500...: "\(upstream) failed (\(status)): check the log of that server; retrying."
        default: "\(upstream) returned \(status) instead of a stream: correct the address."
        }
    }

    private static func sentence(proxyStatus status: Int, _ upstream: UpstreamAddress) -> String {
        if status == 407 {
            return "The proxy for \(upstream) requires credentials (407): put them in http_proxy or https_proxy."
        }
        return
            "The proxy for \(upstream) refuses to connect to it (\(status)): correct https_proxy, or add the host to "
            + "no_proxy."
    }

    /// Returns the number of seconds without trailing zeros, such as `5` or `0.5`.
    private static func text(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        return seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    }
}
