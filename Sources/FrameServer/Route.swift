import Web

/// The camera that a request asks for.
enum CameraChoice: Equatable {
    /// The default camera.
    case first
    case name(String)
    /// The index of the camera in the list of cameras, as in mjpg-streamer's `?action=stream_1`.
    case number(Int)

    /// Chooses the camera called `name`, or the default camera if `name` is nil.
    init(_ name: String?) { self = name.map(CameraChoice.name) ?? .first }

    /// The name or number from the request, for use in a message; empty for the default camera.
    var text: String {
        switch self {
        case .first: ""
        case .name(let name): name
        case .number(let number): "\(number)"
        }
    }
}

/// The resource that the path of a request names.
enum Route: Equatable {
    case stream(camera: CameraChoice)
    case snapshot(camera: CameraChoice)
    /// A stream of frames with detection results.
    case resultStream(camera: CameraChoice)
    /// A frame with detection results.
    case resultSnapshot(camera: CameraChoice)
    /// The detection results of a frame, without the picture.
    case objects(camera: CameraChoice)
    /// The status of one camera, or of all cameras if `camera` is nil.
    case status(camera: String?)
    /// The controls of a camera, which are served only on the camera's host.
    case controls(camera: String?)
    /// The event journal, as a stream.
    case events
    /// The best picture of the object with this ID.
    case eventPicture(id: String)
    case health
    case metrics

    /// Parses a path; returns nil if it names no resource.
    init?(path: String, query: Query) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        if let route = Self.alias(parts[...], query, camera: .first) {
            self = route
            return
        }
        if parts.count == 3, parts[0] == "events", parts[2] == "picture" {
            self = .eventPicture(id: parts[1])
            return
        }
        let camera = parts.count > 1 ? parts[1] : nil
        guard parts.count <= 2 else { return nil }
        switch parts.first {
        case "mjpeg", "video", "stream": self = .stream(camera: CameraChoice(camera))
        case "snapshot": self = .snapshot(camera: CameraChoice(camera))
        case "detect_stream": self = .resultStream(camera: CameraChoice(camera))
        case "detect_snapshot": self = .resultSnapshot(camera: CameraChoice(camera))
        case "detect_objects": self = .objects(camera: CameraChoice(camera))
        case "status": self = .status(camera: camera)
        case "controls": self = .controls(camera: camera)
        case "events" where camera == nil: self = .events
        case "healthz" where camera == nil: self = .health
        // Accept exactly this path and no variant of it, because the web server restricts access to this path only.
        case "metrics" where path == "/metrics": self = .metrics
        default: return nil
        }
    }

    /// Returns the route for a path that mjpg-streamer, uStreamer, camera-streamer or Motion serves; nil for other
    /// paths.
    ///
    /// The web servers in front of OctoPrint and Mainsail serve cameras below `/webcam`, `/webcam2` and so on. Such a
    /// name is accepted as the first part of a path, because some of these servers do not remove it from the path.
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

    /// Parses `stream` or `snapshot`, which may be followed by the number of a camera, such as `stream_1`.
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

    /// The query parameters that the resource accepts.
    var parameters: Set<String> {
        switch self {
        case .stream: StreamOptions.parameters
        case .snapshot: SnapshotRequest.parameters
        case .resultStream: StreamOptions.parameters.union(["boxes", "look"])
        case .resultSnapshot: SnapshotRequest.parameters.union(["boxes"])
        case .objects: ["after", "max_age"]
        case .events: EventFilter.parameters
        case .status, .controls, .eventPicture, .health, .metrics: []
        }
    }

    /// Whether unknown query parameters are ignored.
    ///
    /// With requests for streams and snapshots, clients that were written for other servers may send parameters that
    /// only these servers know. Some clients also add a parameter with an arbitrary name, only to prevent caching.
    var ignoresUnknownParameters: Bool {
        switch self {
        case .stream, .snapshot, .resultStream, .resultSnapshot: true
        case .objects, .status, .controls, .events, .eventPicture, .health, .metrics: false
        }
    }

    /// The methods that the resource allows.
    var methods: [String] {
        if case .controls = self { ["GET", "HEAD", "PUT"] } else { ["GET", "HEAD"] }
    }
}
