import Glibc
import Linux
public import Names
public import SharedFrame
import Synchronization
import SystemPackage

private let counter = Atomic(0)

/// A unique name for a ring.
///
/// All rings with its prefix are removed when this object is released.
public final class TemporaryRing: Sendable {
    public let prefix: SystemPrefix
    public let name: RingName

    public init(camera: String = "main", kind: RingName.Kind = .capture) {
        Signals.ignoreBrokenPipe()
        _ = removalAtExit
        let text = "\(processPrefix)\(counter.add(1, ordering: .relaxed).newValue)"
        guard let prefix = SystemPrefix(text), let camera = CameraName(camera) else {
            preconditionFailure("'\(camera)' cannot name a camera")
        }
        self.prefix = prefix
        name = RingName(prefix: prefix, camera: camera, kind: kind)
    }

    /// Returns the name of another ring with the same prefix.
    public func ring(_ camera: String, kind: RingName.Kind = .capture) -> RingName {
        guard let camera = CameraName(camera) else { preconditionFailure("'\(camera)' cannot name a camera") }
        return RingName(prefix: prefix, camera: camera, kind: kind)
    }

    deinit { removeObjects(startingWith: "\(prefix).") }
}

/// The beginning of the names of all rings of this process.
private let processPrefix = "oriel-test-\(getpid())-"

/// Removes all rings of this process when it exits.
///
/// The thread of an upstream reader may outlive its test on a slow machine, and create the test's ring again.
private let removalAtExit: Void = { _ = atexit { removeObjects(startingWith: processPrefix) } }()

/// Removes the rings and lock files whose names begin with `start`.
private func removeObjects(startingWith start: String) {
    for file in Folder.names(in: RingName.folder) where file.hasPrefix(start) || file.hasPrefix(".\(start)") {
        _ = unsafe RingName.folder.appending(file).withPlatformString { unsafe unlink($0) }
    }
}

extension SourceDescription {
    public static let test = SourceDescription(kind: "pattern", device: "pattern", name: "A test", format: "MJPG")
}
