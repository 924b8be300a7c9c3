import Linux
import SystemPackage
import TestSupport

/// A modifiable copy of deploy/.
final class Configuration {
    private let folder = TemporaryFolder()
    let path: FilePath

    init() throws {
        path = folder.path.appending("deploy")
        let source = OrielSystem.root.appending("deploy").string
        guard try ChildProcess.run("cp", ["-r", source, path.string]).status == 0 else {
            throw HTTPConnection.Failure.noSuchAddress(source)
        }
    }

    /// Replaces every occurrence of `text` in a file, or only the first if `replacement` contains `text` itself.
    ///
    /// Throws an error if the file does not contain `text`.
    func edit(_ file: String, _ text: String, to replacement: String) throws {
        let name = path.appending(file)
        var content = Array(try File.contents(of: name))
        guard content.firstRange(of: Array(text.utf8)) != nil else {
            throw HTTPConnection.Failure.noSuchAddress("\(text) in \(file)")
        }
        while let range = content.firstRange(of: Array(text.utf8)) {
            content.replaceSubrange(range, with: Array(replacement.utf8))
            if replacement.contains(text) { break }
        }
        try folder.write(String(decoding: content, as: UTF8.self), to: "deploy/\(file)")
    }

    /// Adds a file that nginx's user can read.
    func add(_ file: String, _ text: String) throws {
        try folder.write(text, to: "deploy/\(file)", permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }

    /// Enables the include of oriel/`name`.conf, which web.conf contains as a comment.
    func switchOn(_ name: String) throws {
        try edit("web.conf", "#include oriel/\(name).conf;", to: "include oriel/\(name).conf;")
    }
}
