import ArgumentParser
import Daemon
import Detection
import DetectionServer
import Linux
import ProgramSupport
import SharedFrame
import SystemPackage

/// Detects objects in camera pictures on request.
@main
struct DetectWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect-fcgi",
        abstract: "Detects objects in camera pictures on request.",
        discussion: """
            A FastCGI worker: it expects its listening socket as descriptor 0, from spawn-fcgi or systemd \
            (StandardInput=socket). It processes the pictures of relay-fcgi on this machine or, with --source capture, \
            those of capture-daemon. Pictures never leave the machine.

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

    @OptionGroup var detector: DetectorOptions

    @Option(help: "The default minimum confidence, from 0.05 to 1.")
    var threshold: Float = 0.4

    @OptionGroup var cameras: CameraOptions

    @Option(help: "The source of pictures: relay or capture.")
    var source = Source.relay

    @Option(help: "The maximum number of queued pictures. Further requests are refused.")
    var queue = 8

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
        guard (1...64).contains(queue) else { throw ValidationError("--queue must be from 1 to 64.") }
    }

    func run() throws {
        try system.acceptRingOwners()
        // An earlier worker may have lowered the priority of the session to which this process belongs (see
        // InferenceThread). Restore the normal priority, so that the detector is loaded quickly.
        let group = try? File.contents(of: "/proc/self/autogroup")
        if let group, !String(decoding: group, as: UTF8.self).contains("nice 0") { Session.setNiceness(0) }
        let server = try DetectionServer(
            DetectionServerConfiguration(
                prefix: try system.prefix(), kinds: [source == .relay ? .relay : .capture], cameras: cameras.cameras,
                detector: detector.prepare(), threshold: threshold, queueLength: queue,
                hangTimeout: Duration(inSeconds: hangTimeout)))
        try server.run()
    }
}
