import ArgumentParser
import Daemon
import FrameServer
import ProgramSupport
import Service
import SharedFrame

/// Serves streams, snapshots and status of this machine's cameras.
@main
struct MJPEGWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mjpeg-fcgi",
        abstract: "Serves Motion JPEG streams, snapshots and status of this machine's cameras through a web server.",
        discussion: """
            mjpeg-fcgi is a FastCGI worker. It expects its listening socket as descriptor 0, as spawn-fcgi and systemd \
            (StandardInput=socket) pass it. It serves every camera that a capture-daemon on this machine publishes.
            """,
        version: orielVersion)

    @OptionGroup var cameras: CameraOptions

    @Option(help: "The maximum number of concurrent streams.")
    var maxViewers = 2000

    @OptionGroup var system: SystemOptions

    func validate() throws {
        guard maxViewers > 0 else { throw ValidationError("--max-viewers must be at least 1.") }
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
