import ArgumentParser
import Daemon
import FrameServer
import ProgramSupport
import Service
import SharedFrame

/// Serves the cameras of this machine: streams, snapshots, status.
@main
struct MJPEGWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mjpeg-fcgi",
        abstract: "Serves cameras to a web server: Motion JPEG streams, snapshots, status.",
        discussion: """
            A FastCGI worker: it takes its listening socket as descriptor 0, as spawn-fcgi and systemd \
            (StandardInput=socket) give it. Every camera that a capture-daemon on this machine publishes is served.
            """,
        version: orielVersion)

    @OptionGroup var cameras: CameraOptions

    @Option(help: "The most streams at once.")
    var maxViewers = 2000

    @OptionGroup var system: SystemOptions

    func validate() throws {
        guard maxViewers > 0 else { throw ValidationError("--max-viewers takes a number from 1 on.") }
    }

    func run() throws {
        try system.acceptRingOwners()
        let server = try FrameServer(
            FrameServerConfiguration(
                worker: WorkerConfiguration(service: "mjpeg-fcgi", runtimeFolder: system.runtimeFolder),
                prefix: try system.prefix(), kinds: [.capture], cameras: cameras.cameras,
                maximumViewers: maxViewers))
        try server.run()
    }

    static func main() {
        runProgram(Self.self)
    }
}
