public import Names

/// The validated configuration of an Oriel system.
public struct SystemConfiguration: Equatable, Sendable {
    /// The address and port at which the page is served; 127.0.0.1:8000 by default.
    public var web = Endpoint(address: "127.0.0.1", port: 8000)
    /// The address and port at which this machine's cameras are served to relays; 127.0.0.1:9001 by default.
    public var ingest = Endpoint(address: "127.0.0.1", port: 9001)
    /// The host names that browsers may use to reach the page, in addition to localhost and numeric addresses.
    public var hosts: [String] = []
    /// Whether viewers of the page may change camera controls.
    public var hasControls = false
    public var detection = DetectionSettings()
    /// The prefix of names in shared memory.
    public var prefix = SystemPrefix.standard
    /// The folder with oriel.conf; nil if there is none.
    public var folder: String?
    /// The folder for sockets and logs; nil means a temporary folder.
    public var runtimeFolder: String?
    /// The folder for saved camera controls; nil means the user's default folder.
    public var stateFolder: String?
    /// The cameras in the order of the configuration.
    ///
    /// There is at least one, and all names are different.
    public var cameras: [CameraSettings] = []
    /// Where settings were set, for messages; a setting that has its default is missing.
    public internal(set) var origins: [Setting: Origin] = [:]

    public init() {}

    /// Returns where a setting was set, or the variable that sets it if it has its default.
    public func origin(of setting: Setting) -> Origin { origins[setting] ?? .variable(setting.variable) }
}

/// A setting of the whole system to which messages can refer.
public enum Setting: CaseIterable, Sendable {
    case web, ingest, model, runtimeLibrary, detectorFolder, prefix, runtimeFolder, stateFolder

    /// The section and the key in files.
    var name: (section: String, key: String) {
        switch self {
        case .web: ("web", "listen")
        case .ingest: ("ingest", "listen")
        case .model: ("detection", "model")
        case .runtimeLibrary: ("detection", "onnxruntime")
        case .detectorFolder: ("detection", "folder")
        case .prefix: ("system", "prefix")
        case .runtimeFolder: ("system", "runtime-folder")
        case .stateFolder: ("system", "state-folder")
        }
    }

    /// The environment variable that overrides the setting.
    public var variable: String {
        switch self {
        case .web: "ORIEL_WEB_PORT"
        case .ingest: "ORIEL_INGEST_PORT"
        case .model: "ORIEL_MODEL"
        case .runtimeLibrary: "ORIEL_ONNXRUNTIME"
        case .detectorFolder: "ORIEL_DETECTOR"
        case .prefix: "ORIEL_PREFIX"
        case .runtimeFolder: "ORIEL_RUNTIME_DIR"
        case .stateFolder: "ORIEL_STATE_DIR"
        }
    }

    init?(section: String, key: String) {
        guard let setting = Self.allCases.first(where: { $0.name == (section, key) }) else { return nil }
        self = setting
    }
}

/// A local address and port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address without brackets, `localhost`, or `*`.
    public var address: String
    /// The port, from 1 to 65535.
    public var port: Int

    public init(address: String, port: Int) {
        self.address = address
        self.port = port
    }

    /// Whether the address stands for all addresses of this machine.
    public var isWildcard: Bool { ["0.0.0.0", "::", "*"].contains(address) }

    /// Whether other machines can connect.
    public var isOpen: Bool { !(address.hasPrefix("127.") || address == "localhost" || address == "::1") }

    /// The address to which programs on this machine can connect.
    public var reachableAddress: String { isWildcard || address == "localhost" ? "127.0.0.1" : address }

    /// ``reachableAddress`` and ``port``, as they are written in a URL.
    public var authority: String { Endpoint(address: reachableAddress, port: port).description }

    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// The settings of detection.
///
/// If a path is nil, the standard places are searched for the file.
public struct DetectionSettings: Equatable, Sendable {
    /// The classes that are detected in real time by default: people, vehicles and animals.
    public static let standardClasses = [
        "person", "bicycle", "car", "motorcycle", "bus", "truck", "bird", "cat", "dog", "horse", "sheep", "cow", "bear",
    ]
    /// The default of ``framesPerSecond``.
    public static let standardRate = 5.0

    public var isEnabled = true
    /// When objects are detected in real time, in the pictures of cameras that have no setting of their own.
    public var mode = DetectionMode.watched
    /// How many frames per second are searched for motion and objects; from 0.1 to 60.
    public var framesPerSecond = standardRate
    /// The number of threads that search frames for objects, from 1 to 64; nil means detect-fcgi's default.
    public var threads: Int?
    /// The names of the classes whose objects are reported.
    public var classes = standardClasses
    /// The conditions for objects of a class, by the name of the class.
    public var limits: [String: DefinedLimits] = [:]
    /// The path of a YOLOX model in ONNX format.
    public var model: String?
    /// The path of ONNX Runtime's library.
    public var runtimeLibrary: String?
    /// The folder in which scripts/get-detector installs the model and the library.
    public var folder: String?

    public init() {}
}

/// The settings of a camera.
///
/// If a setting is nil, capture-daemon uses its default.
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
    /// Where the source is set, for messages.
    public var sourceOrigin: Origin
    /// The size of a picture in pixels, as `WIDTHxHEIGHT`.
    public var size: String?
    /// The maximum frame rate, from 0.1 to 240 frames per second.
    public var framesPerSecond: Double?
    /// The name or the four-character code of a pixel format, or `auto`.
    public var format: String?
    /// The JPEG quality, from 1 to 100.
    public var quality: Int?
    /// The clockwise rotation, which is 0, 90, 180 or 270 degrees.
    public var rotation: Int?
    /// `none`, `horizontal`, `vertical` or `both`.
    public var flip: String?
    /// The number of pictures to skip each time the camera is opened, from 0 to 1000.
    public var warmUp: Int?
    /// The time in seconds without a picture after which the camera is reopened, from 0.5 to 3600.
    public var timeout: Double?
    /// The camera controls to set, each as `NAME=VALUE`.
    public var controls: [String] = []
    public var detection = CameraDetectionSettings()

    public init(_ name: CameraName, _ source: Source, origin: Origin) {
        self.name = name
        self.source = source
        self.origin = origin
        sourceOrigin = origin
    }
}
