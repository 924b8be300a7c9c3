import Linux
import Synchronization
import SystemPackage

/// A library for LD_PRELOAD, which is compiled from C sources in Tests/ when it is first used.
final class PreloadedLibrary: Sendable {
    private let sources: [String]
    private let built = Mutex<String?>(nil)
    private let folder = TemporaryFolder()

    /// Creates a library from C files, whose paths are relative to Tests/.
    init(_ sources: String...) {
        self.sources = sources
    }

    /// Returns the path of the library.
    ///
    /// Throws if there is no C compiler or compilation fails.
    var path: String {
        get throws {
            try built.withLock { built in
                if let built { return built }
                let path = try build()
                built = path
                return path
            }
        }
    }

    private func build() throws -> String {
        let library = folder.path.appending("preload.so").string
        let files = sources.map { "'\(OrielSystem.root.appending("Tests").appending($0))'" }.joined(separator: " ")
        let script = """
            # Swift includes a C compiler, which need not be in PATH.
            own=$(dirname "$(readlink -f "$(command -v swift)")")/clang
            compiler=$(command -v cc || command -v clang || command -v gcc || command -v "$own") ||
                { echo 'there is no C compiler'; exit 1; }
            exec "$compiler" -O2 -shared -fPIC -o '\(library)' \(files) -ldl -lpthread 2>&1
            """
        let result = try ChildProcess.run("/bin/sh", ["-c", script])
        guard result.status == 0 else { throw Failure(output: result.output) }
        return library
    }

    private struct Failure: Error, CustomStringConvertible {
        let output: String
        var description: String { "the library to preload cannot be built: \(output)" }
    }
}
