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
        let text = "oriel-test-\(getpid())-\(counter.add(1, ordering: .relaxed).newValue)"
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

    deinit {
        for file in Folder.names(in: RingName.folder)
        where file.hasPrefix("\(prefix).") || file.hasPrefix(".\(prefix).") {
            _ = unsafe RingName.folder.appending(file).withPlatformString { unsafe unlink($0) }
        }
    }
}

extension SourceDescription {
    public static let test = SourceDescription(kind: "pattern", device: "pattern", name: "A test", format: "MJPG")
}
