import ArgumentParser
import Daemon
import FrameServer
import Linux
import SharedFrame
import SystemPackage

/// Serves the cameras of this machine: streams, snapshots, status.
struct MJPEGWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mjpeg-fcgi",
        abstract: "Serves cameras to a web server: Motion JPEG streams, snapshots, status.",
        discussion: """
            A FastCGI worker: it takes its listening socket as descriptor 0, as spawn-fcgi, multiwatch and systemd \
            (StandardInput=socket) give it. Every camera that a capture-daemon on this machine publishes is served.
            """,
        version: orielVersion)

    @Option(help: "A camera that exists even while its daemon is not running; may be given several times.")
    var camera: [String] = []

    @Option(help: "The most streams at once.")
    var maxViewers = 2000

    @Option(help: "What the names in shared memory begin with [default: $ORIEL_PREFIX or oriel].")
    var prefix: String?

    @Option(help: "The folder of the counters that workers share [default: $ORIEL_RUNTIME_DIR or /run/oriel].")
    var runtimeDir: String?

    func validate() throws {
        guard maxViewers > 0 else { throw ValidationError("--max-viewers takes a number from 1 on.") }
    }

    func run() throws {
        let server = try FrameServer(
            FrameServerConfiguration(
                service: "mjpeg-fcgi", prefix: prefix ?? Environment.value("ORIEL_PREFIX") ?? "oriel", kind: .capture,
                cameras: try camera.map(name), maximumViewers: maxViewers,
                runtimeDirectory: FilePath(runtimeDir ?? Environment.value("ORIEL_RUNTIME_DIR") ?? "/run/oriel")))
        try server.run()
    }

    private func name(_ text: String) throws -> CameraName {
        guard let name = CameraName(text) else {
            let rule = "give up to 32 lower-case letters, digits, '-' and '_'"
            throw Failure(.usage, "'\(text)' cannot be the name of a camera: \(rule)")
        }
        return name
    }
}
