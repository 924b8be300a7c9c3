import Web

/// The resource that a request path names.
enum Route: Equatable {
    case stream(camera: String?)
    case snapshot(camera: String?)
    case status(camera: String?)
    /// Only on the camera's own host.
    case controls(camera: String?)
    case health
    case metrics

    /// Returns nil if there is no such path.
    init?(path: String, query: Query) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        let camera = parts.count > 1 ? parts[1] : nil
        guard parts.count <= 2 else { return nil }
        switch parts.first {
        case nil:
            // mjpg-streamer's addresses.
            switch query.first("action") {
            case "stream": self = .stream(camera: nil)
            case "snapshot": self = .snapshot(camera: nil)
            default: return nil
            }
        case "mjpeg", "video": self = .stream(camera: camera)
        case "snapshot": self = .snapshot(camera: camera)
        case "status": self = .status(camera: camera)
        case "controls": self = .controls(camera: camera)
        case "healthz" where camera == nil: self = .health
        // Exact match: the web server restricts access to exactly this path.
        case "metrics" where path == "/metrics": self = .metrics
        default: return nil
        }
    }

    /// The query parameters it takes.
    var parameters: Set<String> {
        switch self {
        case .stream: StreamOptions.parameters
        case .snapshot: SnapshotRequest.parameters
        case .status, .controls, .health, .metrics: []
        }
    }

    /// The methods it allows.
    var methods: [String] {
        if case .controls = self { ["GET", "HEAD", "PUT"] } else { ["GET", "HEAD"] }
    }
}
