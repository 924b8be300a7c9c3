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
            "The prefix of names in shared memory (default: $ORIEL_PREFIX, or oriel if that is unset).",
            valueName: "prefix"),
        transform: OptionValue.prefix)
    var prefixOption: SystemPrefix?

    @Option(
        name: .customLong("runtime-dir"),
        help: .init(
            "The folder for sockets and shared counters (default: $ORIEL_RUNTIME_DIR, or /run/oriel if that is unset).",
            valueName: "folder"))
    var runtimeFolderOption: String?

    public init() {}

    /// Returns the value of `--prefix`, or the prefix from the environment if the option is not used.
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

    /// Makes the process accept rings of the users listed in the environment, in addition to its own user and root.
    ///
    /// Must be called before the first ring is opened. Throws a ``Failure`` with status 78 if an entry of
    /// ``RingOwners/variable`` is not a user.
    public func acceptRingOwners() throws {
        do throws(InvalidRingOwner) {
            RingOwners.accept(try RingOwners.fromEnvironment())
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }

    /// The value of `--runtime-dir`, or the folder from the environment if the option is empty or not used.
    public var runtimeFolder: FilePath {
        if let runtimeFolderOption, !runtimeFolderOption.isEmpty { return FilePath(runtimeFolderOption) }
        return StandardFolder.runtime
    }
}

/// The folder of files that must survive a restart.
public struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state-directory"),
        help: .init(
            "The folder for saved controls and events (default: $STATE_DIRECTORY, otherwise $XDG_STATE_HOME/oriel or "
                + "~/.local/state/oriel).",
            valueName: "folder"))
    var folderOption: String?

    public init() {}

    /// The value of `--state-directory`, or the default folder if the option is empty or not used; nil if the
    /// environment defines no default folder.
    public var folder: FilePath? {
        if let folderOption, !folderOption.isEmpty { return FilePath(folderOption) }
        return StandardFolder.state
    }
}

/// The cameras that a worker serves even while they have no frames.
public struct CameraOptions: ParsableArguments {
    @Option(
        name: .customLong("camera"),
        help: .init(
            "A camera to serve even while it has no frames; may be repeated.", valueName: "name"),
        transform: OptionValue.cameraName)
    public var cameras: [CameraName] = []

    public init() {}
}
