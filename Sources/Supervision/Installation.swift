public import Daemon
import Linux
public import SystemPackage

/// The folders in which the programs and files of Oriel are installed.
public struct Installation: Sendable {
    /// The folder of capture-daemon, mjpeg-fcgi, relay-fcgi and, if installed, detect-fcgi.
    public let programs: FilePath
    /// The folder of nginx's configuration.
    public let deploy: FilePath
    /// The folder that contains deploy/, html/ and scripts/: a checkout, or /usr/share/oriel.
    public let share: FilePath
    /// The executable of this program.
    public let oriel: FilePath

    /// Determines the folders.
    ///
    /// - Parameters:
    ///   - share: The folder that contains deploy/, html/ and scripts/. If it is nil, the checkout that contains this
    ///     program is used, or /usr/share/oriel if the program is not in a checkout.
    ///   - variables: Environment variables, of which ORIEL_BIN_DIR and ORIEL_DEPLOY_DIR override the folders of the
    ///     programs and of nginx's configuration.
    public init(share: FilePath?, variables: [String: String]) {
        func folder(_ variable: String) -> FilePath? {
            variables[variable].flatMap { $0.isEmpty ? nil : FilePath($0) }
        }
        oriel = Executable.current
        self.share = share ?? Self.checkout(of: oriel) ?? "/usr/share/oriel"
        programs = folder("ORIEL_BIN_DIR") ?? oriel.removingLastComponent()
        deploy = folder("ORIEL_DEPLOY_DIR") ?? self.share.appending("deploy")
    }

    /// Returns the nearest folder above `program` that contains deploy/nginx.conf.
    private static func checkout(of program: FilePath) -> FilePath? {
        var folder = program.removingLastComponent()
        while !folder.isEmpty, folder != "/" {
            if (try? FileStatus(at: folder.appending("deploy/nginx.conf"))) != nil { return folder }
            folder = folder.removingLastComponent()
        }
        return nil
    }

    /// The script that generates nginx's configuration.
    var nginxScript: FilePath { share.appending("scripts/lib/configure-nginx") }

    /// Throws a ``Failure`` if a program or file is missing.
    public func check() throws(Failure) {
        for kind in PartKind.all where !kind.isOptional && kind.program != "nginx" {
            guard Executable.isExecutable(programs.appending(kind.program)) else {
                throw Failure(
                    .noInput,
                    "\(kind.program) is not in \(programs): build it with scripts/run, or set ORIEL_BIN_DIR")
            }
        }
        for (program, package) in [("spawn-fcgi", "spawn-fcgi"), ("nginx", "nginx"), ("bash", "bash")] {
            guard Executable.find(program) != nil else {
                throw Failure(
                    .unavailable, "\(program) is not installed: install the package \(package), or run scripts/setup")
            }
        }
        for file in [deploy.appending("nginx.conf"), nginxScript] {
            guard (try? FileStatus(at: file)) != nil else {
                throw Failure(.noInput, "\(file) is missing: set --share to the folder that contains deploy/ and html/")
            }
        }
    }
}
