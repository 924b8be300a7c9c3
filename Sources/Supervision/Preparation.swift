import Configuration
import Daemon
import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage

// What the supervisor does before it starts the parts.
extension Supervisor {
    /// Throws if another program already listens on one of the system's ports.
    static func checkPorts(_ configuration: SystemConfiguration) throws(Failure) {
        for (endpoint, variable) in [
            (configuration.web, "ORIEL_WEB_PORT"), (configuration.ingest, "ORIEL_INGEST_PORT"),
        ] {
            let address = endpoint.reachableAddress
            guard (try? Network.connect(to: address, port: endpoint.port, timeout: .milliseconds(500))) != nil else {
                continue
            }
            throw Failure(
                .unavailable,
                "port \(endpoint.port) is in use: stop the program that listens there, or use another port, such as "
                    + "\(variable)=\(endpoint.port + 100)")
        }
    }

    /// Throws if another user runs a system that has all cameras of this system.
    ///
    /// That system may be shutting down, so this waits for up to three seconds.
    static func checkPrefix(_ configuration: SystemConfiguration) throws(Failure) {
        let rings = configuration.cameras.map { camera in
            let kind = if case .device = camera.source { RingName.Kind.capture } else { RingName.Kind.relay }
            return RingName(prefix: configuration.prefix, camera: camera.name, kind: kind)
        }
        let deadline = Instant.now + .seconds(3)
        while true {
            let users = rings.compactMap(\.foreignWriter)
            guard users.count == rings.count, let user = users.first else { return }
            if Instant.now >= deadline {
                throw Failure(
                    .unavailable,
                    "user \(user) runs a system with the prefix \(configuration.prefix), which has all cameras of this "
                        + "system: set another ORIEL_PREFIX, or another prefix in [system]")
            }
            Poll.wait([], milliseconds: 50)
        }
    }

    /// If the machine has no camera, changes the device `auto` in the configuration to the synthetic camera.
    static func replaceMissingDevices(in configuration: inout SystemConfiguration, _ installation: Installation) {
        let automatic = configuration.cameras.indices.filter {
            configuration.cameras[$0].source == .device("auto")
        }
        guard !automatic.isEmpty, !hasCamera(installation) else { return }
        for index in automatic {
            say("No camera was found: '\(configuration.cameras[index].name)' shows a test pattern.")
            configuration.cameras[index].source = .device("pattern")
        }
    }

    private static func hasCamera(_ installation: Installation) -> Bool {
        let command = Command(installation.programs.appending("capture-daemon"), ["devices", "--json"])
        guard let null = try? Descriptor(opening: "/dev/null", flags: O_WRONLY),
            let output = try? ChildProcesses.output(of: command, timeout: .seconds(10), errorStream: null.number)
        else { return false }
        return output.text.filter { $0 != " " }.contains("\"usable\":true")
    }
}
