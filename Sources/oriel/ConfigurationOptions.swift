import ArgumentParser
import Configuration
import Daemon
import Linux
import Supervision
import SystemPackage

/// The options that select the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: .init("The folder with oriel.conf and cameras.d/ (default: $ORIEL_CONFIG).", valueName: "folder")
    )
    var config: String?

    @Option(
        help: .init(
            "The folder with deploy/ and html/ (default: this program's checkout, or /usr/share/oriel without one).",
            valueName: "folder"))
    var share: String?

    func validate() throws {
        if config?.isEmpty == true {
            throw ValidationError("--config is empty; give a folder, or leave the option out.")
        }
    }

    /// Returns the configuration, or throws an error that contains all mistakes in it.
    func configuration() throws(InvalidConfiguration) -> SystemConfiguration {
        var reader = ConfigurationReader(ownAddresses: Network.addresses)
        if let folder { reader.read(ConfigurationFolder.files(in: folder)) }
        reader.read(Environment.all)
        var configuration = try reader.result(adding: Preflight.mistakes)
        configuration.folder = folder?.string
        return configuration
    }

    /// Returns the configuration, or reports at most 100 mistakes and throws a ``Failure`` with status 64 or 78.
    func checkedConfiguration() throws -> SystemConfiguration {
        do throws(InvalidConfiguration) {
            return try configuration()
        } catch {
            let (shown, all) = (error.mistakes.prefix(100), error.mistakes)
            for mistake in shown.dropLast() { printError("error: \(mistake)") }
            if all.count > shown.count { printError("error: and \(all.count - shown.count) more mistakes") }
            // The environment variables serve as the options of scripts/run, so a mistake in them is a usage error
            // (64). A mistake in a file, or in the credentials, is a configuration error (78).
            throw Failure(error.isInOptionsOnly ? .usage : .configuration, shown.last?.description ?? "")
        }
    }

    var installation: Installation {
        Installation(share: share.map { FilePath($0) }, variables: Environment.all)
    }

    private var folder: FilePath? {
        if let config { return FilePath(config) }
        return Environment.value("ORIEL_CONFIG").flatMap { $0.isEmpty ? nil : FilePath($0) }
    }
}

/// Writes a line to standard error.
func printError(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll("\(text)\n".utf8)
}
