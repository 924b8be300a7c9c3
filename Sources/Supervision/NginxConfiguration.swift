import Configuration
import Daemon
import Glibc
import Linux
import SystemPackage

/// The configuration of both nginx servers in the runtime folder, which a script generates from deploy/.
final class NginxConfiguration {
    private let plan: SystemPlan
    /// The contents of the generated files, by server and path.
    private var generated: [String: [FilePath: [UInt8]]] = [:]

    init(_ plan: SystemPlan) { self.plan = plan }

    private var log: FilePath { plan.logFolder.appending("configure-nginx.log") }
    private var page: FilePath { plan.runtime.appending("html") }

    private func folder(of server: String) -> FilePath { plan.runtime.appending("nginx-\(server)") }

    /// Generates the configuration of a server, `ingest` or `web`.
    func generate(_ server: String, timeout: Duration = .seconds(30)) throws(Failure) {
        File.remove(log)
        let ending: ProcessEnding
        do throws(SystemError) {
            try Folder.make(plan.logFolder, permissions: 0o755)
            let output = try Descriptor(opening: log, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
            let command = Command(
                plan.installation.nginxScript, [plan.runtime.string, server], variables: plan.nginxVariables)
            ending = try ChildProcesses.output(of: command, timeout: timeout, errorStream: output.number).ending
        } catch {
            throw Failure(.osError, "\(error)")
        }
        guard ending == .status(0) else { throw failure(ending) }
        generated[server] = files(in: folder(of: server))
    }

    /// Generates the configuration of a server again if a file of it is missing or has changed.
    func restore(_ server: String) throws(Failure) {
        guard !isIntact(server) else { return }
        // Whatever has taken the place of a file must not prevent it from being written.
        Folder.remove(folder(of: server))
        // The supervisor does nothing else in the meantime.
        try generate(server, timeout: .seconds(5))
    }

    private func isIntact(_ server: String) -> Bool {
        guard let expected = generated[server], missingFile(of: server) == nil else { return false }
        let found = files(in: folder(of: server))
        return expected.allSatisfy { found[$0] == $1 }
    }

    /// Returns a file or folder that the server needs and that does not exist; nil if all of them exist.
    func missingFile(of server: String) -> FilePath? {
        let folder = folder(of: server)
        let needed = [folder.appending("nginx.conf"), folder.appending("tmp")] + (server == "web" ? [page] : [])
        // A link to a page that is gone for the moment, for example during an update, is not missing.
        return needed.first { (try? FileStatus(at: $0, followingLinks: false)) == nil }
    }

    /// Returns the lines of a server's configuration and of the files that it includes, without comments and blanks.
    func directives(of server: String) -> [String] {
        let folder = folder(of: server)
        func lines(of file: FilePath, depth: Int) -> [String] {
            guard depth < 8, let bytes = try? File.contents(of: file) else { return [] }
            return bytes.split(separator: UInt8(ascii: "\n")).flatMap { bytes -> [String] in
                let line = String(decoding: bytes, as: UTF8.self).drop { $0 == " " || $0 == "\t" }
                guard let first = line.first, first != "#" else { return [] }
                guard line.hasPrefix("include ") else { return [String(line)] }
                let name = line.dropFirst("include ".count).prefix { $0 != ";" }
                return lines(of: folder.pushing(FilePath(String(name))), depth: depth + 1)
            }
        }
        return lines(of: folder.appending("nginx.conf"), depth: 0)
    }

    /// Returns the contents of the files in `folder` that do not change while nginx runs.
    private func files(in folder: FilePath) -> [FilePath: [UInt8]] {
        var files: [FilePath: [UInt8]] = [:]
        for name in Folder.names(in: folder) where name != "tmp" && name != "nginx.pid" {
            let path = folder.appending(name)
            if (try? FileStatus(at: path, followingLinks: false))?.kind == .folder {
                files.merge(self.files(in: path)) { $1 }
            } else {
                files[path] = try? File.contents(of: path)
            }
        }
        return files
    }

    /// Returns the reason why the script has failed.
    private func failure(_ ending: ProcessEnding) -> Failure {
        let configuration = plan.configuration
        for (setting, endpoint) in [(Setting.web, configuration.web), (.ingest, configuration.ingest)]
        where !Network.mayListen(on: endpoint.reachableAddress, port: endpoint.port) {
            return Failure(.noPermission, Preflight.forbiddenPort(endpoint.port, setting))
        }
        var status = ExitStatus.software
        if case .status(let number) = ending { status = ExitStatus(rawValue: number) ?? .software }
        let reason = output.split(separator: "\n").last.map { " (\($0))" } ?? ""
        return Failure(
            status,
            "cannot generate nginx's configuration from \(plan.installation.deploy)\(reason): correct the files there")
    }

    /// What the script has printed.
    var output: String {
        let text = (try? File.contents(of: log)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return String(text.suffix(4096))
    }
}
