import Linux
import SystemPackage

/// A wall clock that a test can set.
///
/// A process with the variables in ``environment`` preloads a library built from Tests/FakeClock, and uses this clock.
public final class FakeClock: Sendable {
    private static let library = PreloadedLibrary("FakeClock/clock.c")

    /// The environment variables for the programs that use the clock.
    public let environment: [String: String]
    private let folder = TemporaryFolder()

    /// Creates a clock that shows the machine's real time until ``set(seconds:)`` is called.
    ///
    /// Throws if there is no C compiler.
    public init() throws {
        let file = folder.path.appending("offset")
        environment = ["LD_PRELOAD": try Self.library.path, "FAKE_CLOCK": file.string]
        try set(seconds: 0)
    }

    /// Sets the clock to the machine's real time plus `seconds`, in all processes that use the clock.
    public func set(seconds: Int) throws {
        let descriptor = try FileDescriptor.open(
            folder.path.appending("offset"), .writeOnly, options: .create, permissions: .ownerReadWrite)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> ($0 * 8)) }
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    }
}
