public import ArgumentParser
import Daemon
public import Names
import SharedFrame
public import SystemPackage

/// The options that all programs of a system share.
public struct SystemOptions: ParsableArguments {
    @Option(
        name: .customLong("prefix"),
        help: .init(
            "The prefix of names in shared memory (default: $ORIEL_PREFIX, else oriel).", valueName: "prefix"),
        transform: OptionValue.prefix)
    var prefixOption: SystemPrefix?

    @Option(
        name: .customLong("runtime-dir"),
        help: .init(
            "The folder for sockets and shared counters (default: $ORIEL_RUNTIME_DIR, else /run/oriel).",
            valueName: "folder"))
    var runtimeFolderOption: String?

    public init() {}

    /// Returns `--prefix`, else the prefix from the environment.
    ///
    /// Throws a ``Failure`` with status 78 if the prefix from the environment is invalid.
    public func prefix() throws -> SystemPrefix {
        if let prefixOption { return prefixOption }
        do throws(InvalidPrefix) {
            return try SystemPrefix.fromEnvironment()
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }

    /// Accepts rings of the users listed in the environment, besides the process's own user and root.
    ///
    /// Call it before the first ring is opened. Throws a ``Failure`` with status 78 if an entry of
    /// ``RingOwners/variable`` is not a user.
    public func acceptRingOwners() throws {
        do throws(InvalidRingOwner) {
            RingOwners.accept(try RingOwners.fromEnvironment())
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }

    /// `--runtime-dir`, else the folder from the environment; an empty value counts as unset.
    public var runtimeFolder: FilePath {
        if let runtimeFolderOption, !runtimeFolderOption.isEmpty { return FilePath(runtimeFolderOption) }
        return StandardFolder.runtime
    }
}

/// The cameras that a worker serves even without frames.
public struct CameraOptions: ParsableArguments {
    @Option(
        name: .customLong("camera"),
        help: .init(
            "A camera that exists even while it has no frames; may be repeated.", valueName: "name"),
        transform: OptionValue.cameraName)
    public var cameras: [CameraName] = []

    public init() {}
}
