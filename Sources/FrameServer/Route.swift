import Web

/// The camera that a request asks for.
enum CameraChoice: Equatable {
    /// The default camera.
    case first
    case name(String)
    /// The index in the list of cameras, as in mjpg-streamer's `?action=stream_1`.
    case number(Int)

    /// Chooses the camera called `name`, or the default one if it is nil.
    init(_ name: String?) { self = name.map(CameraChoice.name) ?? .first }

    /// The name or number in a request, for a message.
    var text: String {
        switch self {
        case .first: ""
        case .name(let name): name
        case .number(let number): "\(number)"
        }
    }
}

/// The resource that a request path names.
enum Route: Equatable {
    case stream(camera: CameraChoice)
    case snapshot(camera: CameraChoice)
    case status(camera: String?)
    /// Only on the camera's own host.
    case controls(camera: String?)
    case health
    case metrics

    /// Returns nil if there is no such path.
    init?(path: String, query: Query) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        if let route = Self.alias(parts[...], query, camera: .first) {
            self = route
            return
        }
        let camera = parts.count > 1 ? parts[1] : nil
        guard parts.count <= 2 else { return nil }
        switch parts.first {
        case "mjpeg", "video", "stream": self = .stream(camera: CameraChoice(camera))
        case "snapshot": self = .snapshot(camera: CameraChoice(camera))
        case "status": self = .status(camera: camera)
        case "controls": self = .controls(camera: camera)
        case "healthz" where camera == nil: self = .health
        // Exact match: the web server restricts access to exactly this path.
        case "metrics" where path == "/metrics": self = .metrics
        default: return nil
        }
    }

    /// Returns the route of an address of mjpg-streamer, uStreamer, camera-streamer or Motion, or nil.
    ///
    /// A leading `webcam` or `webcam2` is the sub-path of OctoPrint's and Mainsail's own proxies, for a proxy that
    /// keeps it.
    private static func alias(_ parts: ArraySlice<String>, _ query: Query, camera: CameraChoice) -> Route? {
        guard let first = parts.first else {
            return query.first("action").flatMap { Self.action($0, camera: camera) }
        }
        switch (first, parts.count) {
        case ("stream.mjpg", 1), ("stream.mjpeg", 1), ("video.mjpg", 1), ("video.mjpeg", 1):
            return .stream(camera: camera)
        case ("snapshot.jpg", 1), ("snapshot.jpeg", 1): return .snapshot(camera: camera)
        default: break
        }
        guard first.hasPrefix("webcam"), camera == .first else { return nil }
        let digits = first.dropFirst("webcam".count)
        guard digits.isEmpty || (digits.count == 1 && ("1"..."9").contains(digits)) else { return nil }
        let number = Int(digits) ?? 1
        let choice = number == 1 ? CameraChoice.first : .number(number - 1)
        let rest = parts.dropFirst()
        switch (rest.first, rest.count) {
        case ("stream", 1), ("video", 1): return .stream(camera: choice)
        case ("snapshot", 1): return .snapshot(camera: choice)
        default: return rest.first?.hasPrefix("webcam") == true ? nil : alias(rest, query, camera: choice)
        }
    }

    /// `stream`, `snapshot`, or either with the number of a camera, such as `stream_1`.
    private static func action(_ text: String, camera: CameraChoice) -> Route? {
        let words = text.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        var camera = camera
        if words.count > 1 {
            let isNumber = words[1].count <= 4 && words[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isNumber, let number = Int(words[1]) else { return nil }
            if number > 0 { camera = .number(number) }
        }
        switch words[0] {
        case "stream": return .stream(camera: camera)
        case "snapshot": return .snapshot(camera: camera)
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

    /// Whether unknown query parameters are ignored.
    ///
    /// Clients of other servers add parameters of those servers, and cache busters of any name, to streams and
    /// snapshots.
    var ignoresUnknownParameters: Bool {
        switch self {
        case .stream, .snapshot: true
        case .status, .controls, .health, .metrics: false
        }
    }

    /// The methods it allows.
    var methods: [String] {
        if case .controls = self { ["GET", "HEAD", "PUT"] } else { ["GET", "HEAD"] }
    }
}
