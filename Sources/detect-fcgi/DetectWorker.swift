import ArgumentParser
import Daemon
import DetectionServer
import Linux
import ProgramSupport
import SharedFrame
import SystemPackage

/// Finds objects in the pictures of cameras, when asked.
@main
struct DetectWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect-fcgi",
        abstract: "Finds objects in the pictures of cameras, when asked.",
        discussion: """
            A FastCGI worker: it takes its listening socket as descriptor 0, as spawn-fcgi and systemd \
            (StandardInput=socket) give it. It looks at the pictures that relay-fcgi has on this machine, or, with \
            --source capture, at those of capture-daemon. Nothing leaves the machine.

            What it needs, ONNX Runtime and a model, is got by scripts/get-detector; without them each request is \
            answered with what is missing.
            """,
        version: orielVersion,
        subcommands: [PictureCommand.self])

    /// Whose rings are looked at.
    enum Source: String, ExpressibleByArgument, CaseIterable {
        case relay
        case capture
    }

    @OptionGroup var detector: DetectorOptions

    @Option(help: "The least confidence that is told where a request does not say, 0.05 to 1.")
    var threshold: Float = 0.4

    @OptionGroup var cameras: CameraOptions

    @Option(help: "Whose pictures: relay or capture.")
    var source = Source.relay

    @Option(help: "Pictures that may wait for their turn; further requests are refused.")
    var queue = 8

    @OptionGroup var system: SystemOptions

    static func main() {
        runProgram(Self.self)
    }

    func validate() throws {
        guard (0.05...1).contains(threshold) else {
            throw ValidationError("--threshold takes a number from 0.05 to 1.")
        }
        guard (1...64).contains(queue) else { throw ValidationError("--queue takes a number from 1 to 64.") }
    }

    func run() throws {
        try system.acceptRingOwners()
        // The one before it in this session may have left it behind all others (InferenceThread): first be ready.
        let group = try? File.contents(of: "/proc/self/autogroup")
        if let group, !String(decoding: group, as: UTF8.self).contains("nice 0") { Session.yieldToOthers(niceness: 0) }
        let server = try DetectionServer(
            DetectionServerConfiguration(
                prefix: try system.prefix(), kinds: [source == .relay ? .relay : .capture], cameras: cameras.cameras,
                detector: detector.prepare(), threshold: threshold, queueLength: queue))
        try server.run()
    }
}
