import ArgumentParser
import Configuration
import Daemon
import Detection
import DetectionServer
import Events
import JSON
import Journal
import Linux
import LiveDetection
import Logging
import ProgramSupport
import SharedFrame
import SystemPackage

/// Detects objects in camera pictures, on request and in real time.
@main
struct DetectWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect-fcgi",
        abstract: "Detects objects in camera pictures, on request and in real time.",
        discussion: """
            A FastCGI worker: it expects its listening socket as descriptor 0, from spawn-fcgi or systemd \
            (StandardInput=socket). It processes the pictures of relay-fcgi on this machine or, with --source capture, \
            the pictures of capture-daemon. Pictures never leave the machine.

            scripts/get-detector installs the required ONNX Runtime and model. Without them, every response says what \
            is missing.
            """,
        version: orielVersion,
        subcommands: [PictureCommand.self])

    /// The kind of rings from which pictures are read.
    enum Source: String, ExpressibleByArgument, CaseIterable {
        case relay
        case capture
    }

    /// When objects are detected in real time.
    enum Live: String, ExpressibleByArgument, CaseIterable {
        case off
        case watched
        case always

        var mode: DetectionMode {
            switch self {
            case .off: .off
            case .watched: .watched
            case .always: .always
            }
        }
    }

    @OptionGroup var detector: DetectorOptions

    @Option(help: "The default minimum confidence, from 0.05 to 1.")
    var threshold: Float = 0.4

    @OptionGroup var cameras: CameraOptions

    @Option(help: "The source of pictures: relay or capture.")
    var source = Source.relay

    @Option(help: "The maximum number of queued pictures. Further requests are refused.")
    var queue = 8

    @Option(
        help: .init(
            "The folder with oriel.conf, whose settings of real-time detection apply. The files are read again when "
                + "they change.",
            valueName: "folder"))
    var config: String?

    @Option(
        help: .init(
            "When to detect objects in real time: off, watched (while somebody watches the results) or always "
                + "[default: the setting in the configuration, otherwise watched]."))
    var live: Live?

    @Option(
        help: .init(
            "The maximum number of frames per second in which objects are detected in real time, for each camera "
                + "[default: the setting in the configuration, otherwise 5]."))
    var liveRate: Double?

    @Option(help: "The maximum number of frames that real-time detection searches for objects at the same time.")
    var liveThreads = 1

    @OptionGroup var state: StateOptions

    @OptionGroup var system: SystemOptions

    @Option(help: .hidden)
    var hangTimeout = 30.0

    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == RuntimeProbe.argument { RuntimeProbe.run(arguments[2]) }
        runProgram(Self.self)
    }

    func validate() throws {
        guard (0.05...1).contains(threshold) else {
            throw ValidationError("--threshold must be from 0.05 to 1.")
        }
        guard (0.1...3600).contains(hangTimeout) else {
            throw ValidationError("--hang-timeout must be from 0.1 to 3600 seconds.")
        }
        guard (0.1...60).contains(liveRate ?? 1) else { throw ValidationError("--live-rate must be from 0.1 to 60.") }
        guard (1...64).contains(liveThreads) else { throw ValidationError("--live-threads must be from 1 to 64.") }
        guard (1...64).contains(queue) else { throw ValidationError("--queue must be from 1 to 64.") }
    }

    func run() throws {
        try system.acceptRingOwners()
        // An earlier worker may have lowered the priority of the session to which this process belongs (see
        // InferenceThread). Restore the normal priority, so that the detector is loaded quickly.
        let group = try? File.contents(of: "/proc/self/autogroup")
        if let group, !String(decoding: group, as: UTF8.self).contains("nice 0") { Session.setNiceness(0) }
        let kinds: [RingName.Kind] = [source == .relay ? .relay : .capture]
        let model = CurrentModel()
        let log = Logger(label: "detect-fcgi")
        let settings = LiveSettings(
            folder: config.map { FilePath($0) }, variables: Environment.all,
            overrides: .init(mode: live?.mode, rate: liveRate), log: log)
        let liveDetector = LiveDetector(
            LiveDetectionConfiguration(
                prefix: try system.prefix(), kinds: kinds, cameras: cameras.cameras, settings: settings,
                threads: liveThreads, hangTimeout: Duration(inSeconds: hangTimeout),
                journal: try state.folder.map { try .events(in: $0, prefix: system.prefix()) }, model: model),
            log: log)
        let isLive = live != .off
        // The server blocks signals, which threads inherit, so it is created before any thread is started.
        let server = try DetectionServer(
            DetectionServerConfiguration(
                prefix: try system.prefix(), kinds: kinds, cameras: cameras.cameras,
                detector: detector.prepare(), threshold: threshold, queueLength: queue,
                hangTimeout: Duration(inSeconds: hangTimeout), model: model,
                liveStatus: {
                    guard isLive else { return [] }
                    return [
                        ("live", liveDetector.json), ("journal", liveDetector.journalJSON),
                        ("configuration", liveDetector.settingsJSON),
                    ]
                },
                liveDescriptorCount: { liveDetector.descriptorCount }))
        try liveDetector.start()
        defer { liveDetector.stop(timeout: .seconds(3)) }
        try server.run()
    }
}
