public import ArgumentParser
import Daemon
public import Names
import SharedFrame
public import SystemPackage

/// The options that every program of a system takes alike.
public struct SystemOptions: ParsableArguments {
    @Option(
        name: .customLong("prefix"),
        help: .init(
            "What names in shared memory begin with (default: $ORIEL_PREFIX, else oriel).", valueName: "prefix"),
        transform: OptionValue.prefix)
    var prefixOption: SystemPrefix?

    @Option(
        name: .customLong("runtime-dir"),
        help: .init(
            "The folder of sockets and of the counters that workers share (default: $ORIEL_RUNTIME_DIR, else /run/oriel).",
            valueName: "folder"))
    var runtimeFolderOption: String?

    public init() {}

    /// `--prefix`, else what the environment says.
    ///
    /// Throws a ``Failure`` with status 78 if the environment names an invalid one.
    public func prefix() throws -> SystemPrefix {
        if let prefixOption { return prefixOption }
        do throws(InvalidPrefix) {
            return try SystemPrefix.fromEnvironment()
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }

    /// Makes this process read the rings of the users that the environment lists, beside its own and root's.
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

    /// `--runtime-dir`, else what the environment says; an empty value counts as not given.
    public var runtimeFolder: FilePath {
        if let runtimeFolderOption, !runtimeFolderOption.isEmpty { return FilePath(runtimeFolderOption) }
        return StandardFolder.runtime
    }
}

/// The cameras that a worker serves even while they have no frames.
public struct CameraOptions: ParsableArguments {
    @Option(
        name: .customLong("camera"),
        help: .init(
            "A camera that exists even while nothing writes its frames; may be given several times.", valueName: "name"),
        transform: OptionValue.cameraName)
    public var cameras: [CameraName] = []

    public init() {}
}
