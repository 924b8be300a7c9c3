import Configuration
import Daemon
import Glibc
import Linux
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

    /// Generates nginx's configurations in the runtime folder.
    ///
    /// The script that does this prints its own errors.
    static func configureNginx(_ plan: SystemPlan) throws(Failure) {
        let command = Command(
            plan.installation.nginxScript, [plan.runtime.string], variables: plan.nginxVariables)
        let ending: ProcessEnding
        do throws(SystemError) {
            ending = try ChildProcesses.output(of: command, timeout: .seconds(30)).ending
        } catch {
            throw Failure(.osError, "\(error)")
        }
        guard ending != .status(0) else { return }
        var status = ExitStatus.software
        if case .status(let number) = ending { status = ExitStatus(rawValue: number) ?? .software }
        throw Failure(
            status, "cannot generate nginx's configuration from \(plan.installation.deploy): see the messages above")
    }
}
