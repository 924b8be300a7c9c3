import Daemon
import Linux
import Names
import ProgramSupport
import SharedFrame
import SystemPackage
import Upstream
import UpstreamAccess

// Validates the options and converts them to configurations.
extension RelayWorker {
    /// Returns one configuration for each `--upstream` option, in the order of the options.
    func configurations() throws -> [UpstreamConfiguration] {
        guard !upstream.isEmpty else {
            throw Failure(.usage, "no upstream: specify --upstream http://HOST:9001/mjpeg (see relay-fcgi --help)")
        }
        guard maxViewers > 0 else { throw Failure(.usage, "--max-viewers must be at least 1") }
        guard (0.1...3600).contains(stall) else { throw Failure(.usage, "--stall must be 0.1 to 3600 seconds") }
        guard (0.01...120).contains(fps) else { throw Failure(.usage, "--fps must be 0.01 to 120 pictures per second") }
        let credentials = try credentialsList()
        let authorities = try certificateAuthorities()
        let prefix = try system.prefix()
        var configurations: [UpstreamConfiguration] = []
        for text in upstream {
            let (camera, address) = try Self.parse(text)
            guard !configurations.contains(where: { $0.ring.camera == camera }) else {
                throw Failure(
                    .usage, "two upstreams are named \(camera): use different names, as in door=http://HOST/mjpeg")
            }
            let ring = RingName(prefix: prefix, camera: camera, kind: .relay)
            var configuration = UpstreamConfiguration(ring: ring, address: address, version: orielVersion)
            configuration.credentials = credentials.credentials(for: camera)
            configuration.certificateAuthorities = authorities
            configuration.stallTimeout = Duration(inSeconds: stall)
            configuration.isAlwaysConnected = always
            configuration.stillsPerSecond = fps
            configurations.append(configuration)
        }
        let names = Set(configurations.map(\.ring.camera))
        if let stranger = credentials.cameras.first(where: { !names.contains($0) }) {
            throw Failure(
                .configuration,
                "there are credentials for \(stranger), but no upstream has that name: correct the name")
        }
        return configurations
    }

    /// Parses `[NAME=]URL`.
    ///
    /// Error messages never contain the URL, because it may include a password.
    private static func parse(_ text: String) throws -> (CameraName, UpstreamAddress) {
        var camera = CameraName.main
        var url = text[...]
        if let sign = text.firstIndex(of: "="), !text[..<sign].contains(":") {
            guard let name = CameraName(text[..<sign]) else {
                throw Failure(
                    .usage, "'\(text[..<sign])' is not a valid camera name: \(CameraName.rule)")
            }
            camera = name
            url = text[text.index(after: sign)...]
        }
        do {
            return (camera, try UpstreamAddress(String(url)))
        } catch {
            throw Failure(.usage, "camera \(camera): \(error)")
        }
    }

    private func credentialsList() throws -> CredentialsList {
        do throws(UpstreamError) {
            if let credentials { return try CredentialsList(file: FilePath(credentials)) }
            guard let text = Environment.value("ORIEL_UPSTREAM_CREDENTIALS") else { return CredentialsList() }
            return try CredentialsList(parsing: text, origin: "ORIEL_UPSTREAM_CREDENTIALS")
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }

    private func certificateAuthorities() throws -> FilePath? {
        guard let caFile else { return nil }
        do throws(SystemError) {
            _ = try File.contents(of: FilePath(caFile))
        } catch {
            throw Failure(.noInput, "the --ca-file cannot be read (\(error)): specify a readable PEM file")
        }
        return FilePath(caFile)
    }
}
