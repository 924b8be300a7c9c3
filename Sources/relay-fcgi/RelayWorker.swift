import ArgumentParser
import Daemon
import FrameServer
import Linux
import Logging
import ProgramSupport
import Service
import SharedFrame
import Upstream

/// Serves cameras of other machines: one connection to each, shared by all who watch.
@main
struct RelayWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay-fcgi",
        abstract: "Serves cameras of other servers to a web server: one connection to each, however many watch.",
        discussion: """
            A FastCGI worker: it takes its listening socket as descriptor 0, as spawn-fcgi and systemd \
            (StandardInput=socket) give it. An upstream is any server of Motion JPEG, or of single JPEGs; it is \
            connected only while somebody watches, and once at the start. Credentials do not belong on a command \
            line: give them by --credentials or in ORIEL_UPSTREAM_CREDENTIALS, as lines of user:password or \
            NAME=user:password. Proxies are taken from http_proxy, https_proxy and no_proxy.
            """,
        version: orielVersion)

    @Option(
        help: .init(
            "Where a camera's pictures come from, such as door=http://10.0.0.5:9001/mjpeg; as often as needed. "
                + "The name is main where none is given.", valueName: "[name=]url"))
    var upstream: [String] = []

    @Option(help: .init("The most streams at once.", valueName: "number"))
    var maxViewers = 2000

    @Flag(help: "Stay connected while nobody watches.")
    var always = false

    @Option(
        help: .init("Give up a connection that brings nothing for so long.", valueName: "seconds"))
    var stall = 5.0

    @Option(
        help: .init("How often an upstream of single JPEGs is asked, per second.", valueName: "rate"))
    var fps = 5.0

    @Option(help: .init("The upstreams' credentials; only its owner and group may read it.", valueName: "file"))
    var credentials: String?

    @Option(help: .init("Trust these authorities (PEM) instead of the system's.", valueName: "file"))
    var caFile: String?

    @OptionGroup var system: SystemOptions

    static func main() {
        runProgram(RelayWorker.self)
    }

    func run() throws {
        try system.acceptRingOwners()
        let upstreams = try configurations()
        // Before any thread is started: threads inherit which signals are blocked.
        let server = try FrameServer(
            FrameServerConfiguration(
                worker: WorkerConfiguration(service: "relay-fcgi", runtimeFolder: system.runtimeFolder),
                prefix: try system.prefix(), kinds: [.relay], cameras: upstreams.map(\.ring.camera),
                maximumViewers: maxViewers))
        let logger = Logger(label: "relay-fcgi")
        let readers = try upstreams.map { try UpstreamReader($0, logger: logger) }
        defer {
            for reader in readers { reader.askToStop() }
            for reader in readers { reader.stop() }
        }
        do {
            for reader in readers { try reader.start() }
        } catch let error as RingError {
            throw Failure(rawStatus: error.exitStatus, "\(error)")
        }
        try server.run()
    }
}
