import ArgumentParser
import Daemon
import Events
import FrameServer
import Journal
import Linux
import Logging
import ProgramSupport
import Service
import SharedFrame
import Upstream

/// Serves cameras of other servers.
///
/// All viewers of a camera share one connection to its server.
@main
struct RelayWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay-fcgi",
        abstract:
            "Relays cameras of other servers. One connection per camera is enough for any number of viewers.",
        discussion: """
            relay-fcgi is a FastCGI worker. It expects its listening socket as descriptor 0, as spawn-fcgi and systemd \
            (StandardInput=socket) pass it. An upstream is a server that delivers Motion JPEG or single JPEGs. The \
            relay connects to it once at startup, and then only while somebody is watching. Do not put credentials on \
            the command line. Use --credentials or ORIEL_UPSTREAM_CREDENTIALS, with lines of the form user:password \
            or NAME=user:password. Proxies are configured by http_proxy, https_proxy and no_proxy.
            """,
        version: orielVersion)

    @Option(
        help: .init(
            "A camera's URL, such as door=http://10.0.0.5:9001/mjpeg; may be repeated. The default name is main.",
            valueName: "[name=]url"))
    var upstream: [String] = []

    @Option(help: .init("The maximum number of concurrent streams.", valueName: "number"))
    var maxViewers = 2000

    @Flag(help: "Stay connected while nobody is watching.")
    var always = false

    @Option(
        help: .init("The timeout for connecting, and for waiting for more data.", valueName: "seconds"))
    var stall = 5.0

    @Option(
        help: .init("The number of requests per second to an upstream of single JPEGs.", valueName: "rate"))
    var fps = 5.0

    @Option(
        help: .init(
            "A file with the upstreams' credentials, which other users must not be able to read.", valueName: "file"))
    var credentials: String?

    @Option(help: .init("Trust these certificate authorities (PEM) instead of the system's.", valueName: "file"))
    var caFile: String?

    @OptionGroup var state: StateOptions

    @OptionGroup var system: SystemOptions

    static func main() {
        runProgram(RelayWorker.self)
    }

    func run() throws {
        try system.acceptRingOwners()
        let upstreams = try configurations()
        // The server blocks signals. A new thread inherits this setting from the thread that starts it, so the server
        // is created before any thread is started.
        let server = try FrameServer(
            FrameServerConfiguration(
                worker: WorkerConfiguration(service: "relay-fcgi", runtimeFolder: system.runtimeFolder),
                prefix: try system.prefix(), kinds: [.relay], cameras: upstreams.map(\.ring.camera),
                maximumViewers: maxViewers,
                events: try state.folder.map { try .events(in: $0, prefix: system.prefix()) }))
        let logger = Logger(label: "relay-fcgi")
        let readers = try upstreams.map { try UpstreamReader($0, logger: logger) }
        defer {
            for reader in readers { reader.requestStop() }
            for reader in readers { reader.stop() }
        }
        for reader in readers { try reader.start() }
        try server.run()
    }
}
