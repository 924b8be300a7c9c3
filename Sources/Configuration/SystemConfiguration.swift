public import Names

/// The validated configuration of an Oriel system.
public struct SystemConfiguration: Equatable, Sendable {
    /// Where the page is served; 127.0.0.1:8000 by default.
    public var web = Endpoint(address: "127.0.0.1", port: 8000)
    /// Where this machine's cameras are served to relays; 127.0.0.1:9001 by default.
    public var ingest = Endpoint(address: "127.0.0.1", port: 9001)
    /// Host names accepted from browsers, besides localhost and addresses.
    public var hosts: [String] = []
    /// Whether viewers of the page may change camera controls.
    public var hasControls = false
    public var detection = DetectionSettings()
    /// The prefix of names in shared memory.
    public var prefix = SystemPrefix.standard
    /// The folder for sockets and logs, or nil for a temporary one.
    public var runtimeFolder: String?
    /// The folder for saved camera controls, or nil for the user's default.
    public var stateFolder: String?
    /// In configuration order, with distinct names; at least one.
    public var cameras: [CameraSettings] = []

    public init() {}
}

/// A local address and port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address without brackets, `localhost`, or `*`.
    public var address: String
    /// 1 to 65535.
    public var port: Int

    public init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    /// Whether this is all addresses of the machine.
    public var isWildcard: Bool { ["0.0.0.0", "::", "*"].contains(address) }

    /// Whether other machines can connect.
    public var isOpen: Bool { !(address.hasPrefix("127.") || address == "localhost" || address == "::1") }

    /// The address at which this machine itself can connect.
    public var reachableAddress: String { isWildcard || address == "localhost" ? "127.0.0.1" : address }

    /// ``reachableAddress`` and port as in a URL.
    public var authority: String { Endpoint(address: reachableAddress, port: port).description }

    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// The files for detection; nil means that the standard places are searched.
public struct DetectionSettings: Equatable, Sendable {
    public var isEnabled = true
    /// A YOLOX model (ONNX).
    public var model: String?
    /// The file of ONNX Runtime's library.
    public var runtimeLibrary: String?
    /// The folder in which scripts/get-detector installs both.
    public var folder: String?

    public init() {}
}

/// The settings of a camera; nil means capture-daemon's default.
public struct CameraSettings: Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        /// A value of capture-daemon's `--device`.
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
    /// The number of pictures to skip after each start of the camera, 0 to 1000.
    public var warmUp: Int?
    /// Seconds without a picture after which the camera is reopened, 0.5 to 3600.
    public var timeout: Double?
    /// Values of `--control`, `NAME=VALUE`.
    public var controls: [String] = []

    public init(_ name: CameraName, _ source: Source, origin: Origin) {
        self.name = name
        self.source = source
        self.origin = origin
    }
}
