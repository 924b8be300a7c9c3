import Glibc
import Linux
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
        all["LD_PRELOAD"] = try Self.library.path
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

    private static let library = PreloadedLibrary("FakeCamera/camera.c", "FakeCamera/preload.c")
}
