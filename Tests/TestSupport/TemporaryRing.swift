import Glibc
import Linux
public import SharedFrame
import Synchronization
import SystemPackage

private let counter = Atomic(0)

/// A ring name that nothing else uses; what stands under it is removed when its owner goes away.
public final class TemporaryRing: Sendable {
    public let prefix: String
    public let name: RingName

    public init(camera: String = "main", kind: RingName.Kind = .capture) {
        Signals.ignoreBrokenPipe()
        prefix = "oriel-test-\(getpid())-\(counter.add(1, ordering: .relaxed).newValue)"
        guard let camera = CameraName(camera), let name = RingName(prefix: prefix, camera: camera, kind: kind) else {
            preconditionFailure("\(camera) is no camera name")
        }
        self.name = name
    }

    /// The name of another ring of the same system.
    public func ring(_ camera: String, kind: RingName.Kind = .capture) -> RingName {
        guard let camera = CameraName(camera), let name = RingName(prefix: prefix, camera: camera, kind: kind) else {
            preconditionFailure("\(camera) is no camera name")
        }
        return name
    }

    deinit {
        for file in Folder.names(in: RingName.folder) where file.hasPrefix(prefix + ".") {
            _ = unsafe RingName.folder.appending(file).withPlatformString { unsafe unlink($0) }
        }
    }
}

extension SourceDescription {
    public static let test = SourceDescription(kind: "pattern", device: "pattern", name: "A test", format: "MJPG")
}
