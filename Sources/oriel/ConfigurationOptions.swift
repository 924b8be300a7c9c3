import ArgumentParser
import Configuration
import Daemon
import Linux
import Supervision
import SystemPackage

/// Where the configuration comes from.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: .init("A folder with oriel.conf and cameras.d/ (default: $ORIEL_CONFIG, else none).", valueName: "folder")
    )
    var config: String?

    @Option(
        help: .init(
            "The folder that deploy/ and html/ lie in (default: the checkout of this program, else /usr/share/oriel).",
            valueName: "folder"))
    var share: String?

    /// The configuration, or all its mistakes.
    func configuration() throws(InvalidConfiguration) -> SystemConfiguration {
        var reader = ConfigurationReader(ownAddresses: Network.addresses)
        if let folder { reader.read(ConfigurationFolder.files(in: folder)) }
        reader.read(Environment.all)
        let configuration = try reader.result()
        let mistakes = Installation.deviceMistakes(in: configuration)
        guard mistakes.isEmpty else { throw InvalidConfiguration(mistakes) }
        return configuration
    }

    /// The configuration; ends the program with status 64 or 78 after all mistakes have been printed.
    func checkedConfiguration() throws -> SystemConfiguration {
        do throws(InvalidConfiguration) {
            return try configuration()
        } catch {
            let (shown, all) = (error.mistakes.prefix(100), error.mistakes)
            for mistake in shown.dropLast() { printError("error: \(mistake)") }
            if all.count > shown.count { printError("error: there are \(all.count - shown.count) more mistakes") }
            // The environment is how options are given to scripts/run; a file is a configuration.
            throw Failure(error.isInVariablesOnly ? .usage : .configuration, shown.last?.description ?? "")
        }
    }

    var installation: Installation {
        Installation(share: share.map { FilePath($0) }, variables: Environment.all)
    }

    private var folder: FilePath? {
        (config ?? Environment.value("ORIEL_CONFIG")).flatMap { $0.isEmpty ? nil : FilePath($0) }
    }
}

/// Writes a line to the standard error.
func printError(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll("\(text)\n".utf8)
}
