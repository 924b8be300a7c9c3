public import Names

/// What one Oriel system consists of and where it listens, checked.
public struct SystemConfiguration: Equatable, Sendable {
    /// The page; 127.0.0.1, port 8000 where nothing else is set.
    public var web = Endpoint(address: "127.0.0.1", port: 8000)
    /// The camera's side; 127.0.0.1, port 9001 where nothing else is set.
    public var ingest = Endpoint(address: "127.0.0.1", port: 9001)
    /// Names by which browsers may call the page, beside localhost and addresses.
    public var hosts: [String] = []
    /// Whether viewers of the page may set the cameras' controls.
    public var hasControls = false
    public var detection = DetectionSettings()
    /// What names in shared memory begin with.
    public var prefix = SystemPrefix.standard
    /// The folder for sockets and logs; nil for a temporary one.
    public var runtimeFolder: String?
    /// Where controls that were set are kept; nil for the user's own folder.
    public var stateFolder: String?
    /// In the order of the configuration, with different names; at least one.
    public var cameras: [CameraSettings] = []

    public init() {}
}

/// An address of this machine with a port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address without brackets, `localhost`, or `*`.
    public var address: String
    /// 1 to 65535.
    public var port: Int

    public init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    /// Whether the server listens on all addresses of the machine.
    public var isWildcard: Bool { ["0.0.0.0", "::", "*"].contains(address) }

    /// Whether other machines reach a server that listens here.
    public var isOpen: Bool { !(address.hasPrefix("127.") || address == "localhost" || address == "::1") }

    /// Where this machine reaches a server that listens here.
    public var reachableAddress: String { isWildcard || address == "localhost" ? "127.0.0.1" : address }

    /// ``reachableAddress`` and port as in a URL.
    public var authority: String { Endpoint(address: reachableAddress, port: port).description }

    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// Files that detection needs; nil where the standard places are searched.
public struct DetectionSettings: Equatable, Sendable {
    public var isEnabled = true
    /// A YOLOX model (ONNX).
    public var model: String?
    /// The library libonnxruntime.so.
    public var runtimeLibrary: String?
    /// The folder where scripts/get-detector puts both.
    public var folder: String?

    public init() {}
}

/// One camera: its source and how its pictures are taken.
///
/// nil stands for what capture-daemon does by itself.
public struct CameraSettings: Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        /// As capture-daemon's `--device` takes it.
        case device(String)
        /// The http or https URL of another server's stream.
        case upstream(String)
    }

    public var name: CameraName
    public var source: Source
    /// Where the camera is defined, for messages.
    public var origin: Origin
    /// `WIDTHxHEIGHT` in pixels.
    public var size: String?
    /// 0.1 to 240 frames per second.
    public var framesPerSecond: Double?
    public var format: String?
    /// 1 to 100.
    public var quality: Int?
    /// 0, 90, 180 or 270 degrees clockwise.
    public var rotation: Int?
    /// none, horizontal, vertical or both.
    public var flip: String?
    /// Pictures to skip after each start of the camera, 0 to 1000.
    public var warmUp: Int?
    /// Seconds without a picture after which the camera is opened anew, 0.5 to 3600.
    public var timeout: Double?
    /// `NAME=VALUE`, as `--control` takes them.
    public var controls: [String] = []

    public init(_ name: CameraName, _ source: Source, origin: Origin) {
        self.name = name
        self.source = source
        self.origin = origin
    }
}
