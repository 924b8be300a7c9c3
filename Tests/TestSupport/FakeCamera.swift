import Glibc
import Linux
public import SystemPackage

/// A fake USB camera at /dev/video0 for one program.
///
/// It needs no kernel driver: the program preloads a library that is built from Tests/FakeCamera.
public final class FakeCamera: Sendable {
    private let folder = TemporaryFolder()
    private let settings: [String: String]

    /// - Parameters:
    ///   - frames: A folder of JPEGs that the camera sends in the order of their names, or nil for raw pictures.
    ///   - settings: Environment variables, which Tests/FakeCamera/README.md describes.
    /// - Throws: If there is no C compiler or compilation fails.
    public init(frames: FilePath? = nil, settings: [String: String] = [:]) throws {
        var all = settings
        all["LD_PRELOAD"] = try Self.library.path
        all["FAKE_CAMERA_FAULTS"] = folder.path.appending("faults").string
        if let frames { all["FAKE_CAMERA_FRAMES"] = frames.string }
        self.settings = all
    }

    /// The environment variables for the program that opens the camera.
    public var environment: [String: String] { settings }

    /// Sets the camera's faults, which Tests/FakeCamera/README.md describes.
    ///
    /// The faults remain until the next call.
    public func setFaults(_ faults: String) throws {
        // Replace the file atomically, so that the camera never reads half of it.
        let new = try folder.write(faults, to: "faults.new").string
        let file = folder.path.appending("faults").string
        try systemCall("rename", new) { unsafe rename(new, file) }
    }

    private static let library = PreloadedLibrary("FakeCamera/camera.c", "FakeCamera/preload.c")
}
