import Linux
import SystemPackage

/// The wall clock of the processes started with its ``environment``: preloads Tests/FakeClock.
public final class FakeClock: Sendable {
    private static let library = PreloadedLibrary("FakeClock/clock.c")

    /// The environment for the programs.
    public let environment: [String: String]
    private let folder = TemporaryFolder()

    /// Creates a correct clock; throws if there is no C compiler.
    public init() throws {
        let file = folder.path.appending("offset")
        environment = ["LD_PRELOAD": try Self.library.path, "FAKE_CLOCK": file.string]
        try set(seconds: 0)
    }

    /// Sets the clock to the machine's clock plus `seconds`, in all processes at once.
    public func set(seconds: Int) throws {
        let descriptor = try FileDescriptor.open(
            folder.path.appending("offset"), .writeOnly, options: .create, permissions: .ownerReadWrite)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> ($0 * 8)) }
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    }
}
