import ArgumentParser
import Configuration
import Daemon
import Glibc
import JSON
import Linux
import Names
import ProgramSupport
import Supervision
import SystemPackage

/// `oriel run`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a system in the foreground until Ctrl-C is pressed.",
        discussion: """
            Each program runs as a separate process. When a program exits, it is restarted after 0.1 to 3.2 seconds. \
            When the system stops, its sockets and its shared memory are removed. SIGHUP checks the configuration.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.checkedConfiguration()
        let options = options
        let supervisor = try Supervisor(configuration, options.installation) { () throws(InvalidConfiguration) in
            _ = try options.configuration()
        }
        let status = try supervisor.run()
        Glibc.exit(status)
    }
}

/// `oriel check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the configuration. Prints a summary or, if there are mistakes, lists them (status 78).",
        discussion: """
            If all mistakes are in environment variables other than ORIEL_UPSTREAM_CREDENTIALS, the exit status is 64.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try checked()
        for warning in Preflight.warnings(in: configuration) { printError("warning: \(warning)") }
        print("The configuration is valid.")
        print("page     \(configuration.web)\(configuration.web.isOpen ? " (open to the network)" : "")")
        print("ingest   \(configuration.ingest)\(configuration.ingest.isOpen ? " (open to the network)" : "")")
        for camera in configuration.cameras {
            switch camera.source {
            case .device(let device): print("camera   \(camera.name): \(device)")
            case .upstream(let address): print("camera   \(camera.name): \(address)")
            }
        }
    }

    /// Returns the configuration, or reports its mistakes and a missing file of the installation, and throws.
    private func checked() throws -> SystemConfiguration {
        let configuration: SystemConfiguration
        do {
            configuration = try options.checkedConfiguration()
        } catch {
            do throws(Failure) {
                try options.installation.check()
            } catch let missing {
                printError("error: \(missing)")
            }
            throw error
        }
        try options.installation.check()
        return configuration
    }
}

/// `oriel parts`.
struct ListParts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parts", abstract: "Lists the programs of a system.")

    @Flag(help: "Print one line of JSON instead of text.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.checkedConfiguration()
        let runtime = configuration.runtimeFolder.map { FilePath($0) } ?? "(temporary folder)"
        let parts = SystemPlan(configuration, options.installation, runtime: runtime).parts
        if json {
            let values = parts.map { part -> JSON in
                .object([
                    ("name", .text(part.name)), ("program", .text(part.kind.program)),
                    ("command", .array(([part.command.program.string] + part.command.arguments).map { .text($0) })),
                    ("socket", .optional(part.socket?.string)), ("optional", .bool(part.kind.isOptional)),
                    ("log", .text(part.log.string)),
                ])
            }
            print(JSON.array(values).text)
        } else {
            for part in parts { print("\(part.name)\t\(part.command.program)\t\(part.socket?.string ?? "-")") }
        }
    }
}

/// `oriel hand-over`, which the supervisor runs through spawn-fcgi to get a listening socket.
struct HandOver: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hand-over", abstract: "Sends the listening socket at descriptor 0 through descriptor 1.",
        shouldDisplay: false)

    func run() throws { try SocketHandOver.run() }
}

/// `oriel tidy`, which continues to run after the supervisor has exited, and then cleans up.
struct Tidy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidy", abstract: "Cleans up after a system when standard input is closed.",
        shouldDisplay: false)

    @Argument var runtime: String
    @Argument(transform: OptionValue.prefix) var prefix: SystemPrefix
    @Argument(transform: OptionValue.cameraName) var cameras: [CameraName] = []

    func run() throws {
        try Tidying(runtime: FilePath(runtime), prefix: prefix, cameras: cameras).run()
    }
}
