import Web

/// What a request is for, from its path.
enum Route: Equatable {
    case stream(camera: String?)
    case snapshot(camera: String?)
    case status(camera: String?)
    /// On the camera's own host alone.
    case controls(camera: String?)
    case health
    case metrics

    /// Returns nil if nothing is at that path.
    init?(path: String, query: Query) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        let camera = parts.count > 1 ? parts[1] : nil
        guard parts.count <= 2 else { return nil }
        switch parts.first {
        case nil:
            // The form that many programs know from mjpg-streamer.
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
        // Exactly: the web server guards this very path.
        case "metrics" where path == "/metrics": self = .metrics
        default: return nil
        }
    }

    /// The names that the query may use.
    var parameters: Set<String> {
        switch self {
        case .stream: StreamOptions.parameters
        case .snapshot: SnapshotRequest.parameters
        case .status, .controls, .health, .metrics: []
        }
    }

    /// How it may be asked for.
    var methods: [String] {
        if case .controls = self { ["GET", "HEAD", "PUT"] } else { ["GET", "HEAD"] }
    }
}
