import Glibc
import Linux
import Synchronization
public import SystemPackage

/// A USB camera at /dev/video0 for one program, with no kernel driver: Tests/FakeCamera, preloaded.
public final class FakeCamera: Sendable {
    private let folder = TemporaryFolder()
    private let settings: [String: String]

    /// - Parameters:
    ///   - frames: The folder of the JPEGs that it sends, in the order of their names.
    ///   - settings: Variables of Tests/FakeCamera/README.md.
    /// - Throws: When there is no C compiler, or it fails.
    public init(frames: FilePath? = nil, settings: [String: String] = [:]) throws {
        var all = settings
        all["LD_PRELOAD"] = try Self.library.withLock { library in
            if let library { return library }
            let built = try Self.build()
            library = built
            return built
        }
        all["FAKE_CAMERA_FAULTS"] = folder.path.appending("faults").string
        if let frames { all["FAKE_CAMERA_FRAMES"] = frames.string }
        self.settings = all
    }

    /// What the program is to be started with.
    public var environment: [String: String] { settings }

    /// Makes the camera misbehave in the ways that `faults` name, until the next call; none: it behaves.
    public func setFaults(_ faults: String) throws {
        // The file appears whole: the camera never reads half of it.
        let new = try folder.write(faults, to: "faults.new").string
        let file = folder.path.appending("faults").string
        try systemCall("rename", new) { unsafe rename(new, file) }
    }

    private static let library = Mutex<String?>(nil)
    private static let buildFolder = TemporaryFolder()

    private static func build() throws -> String {
        let source = OrielSystem.root.appending("Tests/FakeCamera")
        let library = buildFolder.path.appending("fake-camera.so").string
        let script = """
            # Swift brings a C compiler of its own, which need not be in PATH.
            own=$(dirname "$(readlink -f "$(command -v swift)")")/clang
            compiler=$(command -v cc || command -v clang || command -v gcc || command -v "$own") ||
                { echo 'there is no C compiler'; exit 1; }
            exec "$compiler" -O2 -shared -fPIC -o '\(library)' '\(source)/camera.c' '\(source)/preload.c' \
                -ldl -lpthread 2>&1
            """
        let result = try ChildProcess.run("/bin/sh", ["-c", script])
        guard result.status == 0 else { throw Failure(output: result.output) }
        return library
    }

    private struct Failure: Error, CustomStringConvertible {
        let output: String
        var description: String { "the fake camera cannot be built: \(output)" }
    }
}
