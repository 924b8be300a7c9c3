public import Configuration
import Glibc
public import Linux
import Names
public import SystemPackage

/// A kind of program in an Oriel system.
///
/// ``all`` lists all of them.
public struct PartKind: Sendable {
    /// How many processes of this kind are run.
    public enum Count: Sendable {
        case one
        /// One process per camera with a device. The camera's name is appended to the part's name.
        case perDevice
    }

    /// The part's name, which is also used in the names of its log and its socket.
    public let name: String
    /// The file name of the program.
    public let program: String
    public let count: Count
    /// Whether the program expects a listening socket as descriptor 0.
    ///
    /// spawn-fcgi creates this socket as NAME.sock.
    public let hasSocket: Bool
    /// Whether the system can run without this program.
    public let isOptional: Bool
    let arguments: @Sendable (SystemPlan, CameraSettings?) -> [String]

    /// All kinds of programs, in the order in which they are started.
    public static let all: [PartKind] = [
        PartKind("capture", "capture-daemon", count: .perDevice) { $0.captureArguments($1) },
        PartKind("mjpeg-fcgi", "mjpeg-fcgi", hasSocket: true) { plan, _ in plan.deviceCameraOptions },
        PartKind("relay-fcgi", "relay-fcgi", hasSocket: true) { plan, _ in
            plan.upstreamOptions + plan.stateOptions
        },
        PartKind("detect-fcgi", "detect-fcgi", hasSocket: true, isOptional: true) { plan, _ in
            plan.cameraOptions + plan.detectionOptions + plan.stateOptions
        },
        PartKind("nginx-ingest", "nginx") { plan, _ in plan.nginxArguments("nginx-ingest") },
        PartKind("nginx-web", "nginx") { plan, _ in plan.nginxArguments("nginx-web") },
    ]

    private init(
        _ name: String, _ program: String, count: Count = .one, hasSocket: Bool = false, isOptional: Bool = false,
        _ arguments: @escaping @Sendable (SystemPlan, CameraSettings?) -> [String]
    ) {
        self.name = name
        self.program = program
        self.count = count
        self.hasSocket = hasSocket
        self.isOptional = isOptional
        self.arguments = arguments
    }
}

/// A supervised process.
public struct Part: Sendable {
    /// The part's name, such as `capture-main` or `relay-fcgi`.
    public let name: String
    public let kind: PartKind
    public let command: Command
    /// The Unix socket on which the part accepts connections, or nil if it has none.
    public let socket: FilePath?
    /// The socket that the part itself creates for the camera's controls, or nil if it has none.
    let controlSocket: FilePath?
    /// The file for standard output and standard error.
    public let log: FilePath
}

extension Part {
    /// The nginx server that the part runs, `ingest` or `web`; nil if it is another program.
    var nginxServer: String? { kind.program == "nginx" ? String(kind.name.dropFirst("nginx-".count)) : nil }
}

/// Determines which programs are run, and with which options.
public struct SystemPlan: Sendable {
    public let configuration: SystemConfiguration
    public let installation: Installation
    /// The folder of sockets, logs and nginx's configuration.
    public let runtime: FilePath

    public init(_ configuration: SystemConfiguration, _ installation: Installation, runtime: FilePath) {
        self.configuration = configuration
        self.installation = installation
        self.runtime = runtime
    }

    public var logFolder: FilePath { runtime.appending("log") }

    /// The parts in the order in which they are started.
    ///
    /// Optional parts whose program is not installed are left out.
    public var parts: [Part] {
        PartKind.all.flatMap { kind -> [Part] in
            if kind.program == "detect-fcgi", !configuration.detection.isEnabled { return [] }
            let program =
                kind.program == "nginx"
                ? Executable.find("nginx") ?? "/usr/sbin/nginx" : installation.programs.appending(kind.program)
            if kind.isOptional, !Executable.isExecutable(program) { return [] }
            let cameras: [CameraSettings?] = kind.count == .perDevice ? deviceCameras : [nil]
            return cameras.map { camera in
                let name = camera.map { "\(kind.name)-\($0.name)" } ?? kind.name
                return Part(
                    name: name, kind: kind,
                    command: Command(program, kind.arguments(self, camera), variables: variables),
                    socket: kind.hasSocket ? runtime.appending("\(name).sock") : nil,
                    controlSocket: camera?.name.controlSocket(in: runtime),
                    log: logFolder.appending("\(name).log"))
            }
        }
    }

    var deviceCameras: [CameraSettings] {
        configuration.cameras.filter { if case .device = $0.source { true } else { false } }
    }

    /// Environment variables for the parts.
    var variables: [String: String] {
        var variables = [
            SystemPrefix.variable: configuration.prefix.text, "ORIEL_RUNTIME_DIR": runtime.string,
            // The relay must connect to the ingest server directly, even if a proxy is configured.
            "no_proxy": [
                Environment.value("no_proxy"), "localhost,127.0.0.1,::1", configuration.ingest.reachableAddress,
            ]
            .compactMap { $0?.isEmpty == false ? $0 : nil }.joined(separator: ","),
        ]
        variables["ORIEL_MODEL"] = configuration.detection.model
        variables["ORIEL_ONNXRUNTIME"] = configuration.detection.runtimeLibrary
        variables["ORIEL_DETECTOR"] = configuration.detection.folder
        return variables
    }

    /// Environment variables for the script that generates nginx's configuration.
    var nginxVariables: [String: String] {
        [
            "ORIEL_BIND": configuration.web.address, "ORIEL_WEB_PORT": "\(configuration.web.port)",
            "ORIEL_INGEST_BIND": configuration.ingest.address, "ORIEL_INGEST_PORT": "\(configuration.ingest.port)",
            "ORIEL_HOSTS": configuration.hosts.joined(separator: " "),
            "ORIEL_CONTROLS": configuration.hasControls ? "1" : "", "ORIEL_DEPLOY_DIR": installation.deploy.string,
        ]
    }

    var stateOptions: [String] { configuration.stateFolder.map { ["--state-directory", $0] } ?? [] }

    /// The options of real-time detection.
    ///
    /// If there is a configuration folder, detect-fcgi reads it, and reads it again when it changes.
    var detectionOptions: [String] {
        let detection = configuration.detection
        return (configuration.folder.map { ["--config", $0] } ?? ["--live", detection.mode.rawValue])
            + (detection.threads.map { ["--live-threads", "\($0)"] } ?? [])
    }

    var cameraOptions: [String] { configuration.cameras.flatMap { ["--camera", $0.name.text] } }

    var deviceCameraOptions: [String] { deviceCameras.flatMap { ["--camera", $0.name.text] } }

    /// The relay's `--upstream` options.
    ///
    /// Cameras of this machine are relayed from its ingest server, and all others from the servers in their
    /// configuration.
    var upstreamOptions: [String] {
        configuration.cameras.flatMap { camera in
            switch camera.source {
            case .device:
                ["--upstream", "\(camera.name)=http://\(configuration.ingest.authority)/mjpeg/\(camera.name)"]
            case .upstream(let address): ["--upstream", "\(camera.name)=\(address)"]
            }
        }
    }

    func captureArguments(_ camera: CameraSettings?) -> [String] {
        guard let camera, case .device(let device) = camera.source else { return [] }
        var arguments = ["--camera", camera.name.text, "--device", device]
        func add(_ option: String, _ value: (some Any)?) {
            if let value { arguments += [option, "\(value)"] }
        }
        add("--size", camera.size)
        add("--fps", camera.framesPerSecond)
        add("--format", camera.format)
        add("--quality", camera.quality)
        add("--rotate", camera.rotation)
        add("--flip", camera.flip)
        add("--warmup", camera.warmUp)
        add("--timeout", camera.timeout)
        for control in camera.controls { arguments += ["--control", control] }
        return arguments + stateOptions
    }

    func nginxArguments(_ name: String) -> [String] {
        let folder = runtime.appending(name)
        return ["-p", folder.string, "-c", folder.appending("nginx.conf").string, "-e", "stderr", "-g", "daemon off;"]
    }
}
