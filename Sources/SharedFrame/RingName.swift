import Linux
public import Names
public import SystemPackage

/// The name of a ring in shared memory: `/<prefix>.<camera>`, or `/<prefix>.<kind>.<camera>` for kinds other than
/// `capture`.
public struct RingName: Hashable, Sendable, CustomStringConvertible {
    /// Who writes the ring, and what that means for its readers.
    public enum Kind: CaseIterable, Sendable {
        /// Written by capture-daemon from a camera of this machine.
        case capture
        /// Written by relay-fcgi from its upstream.
        case relay
        /// Written by the detector: a camera's frames with the results in them.
        case detect
        /// Written by the detector: a camera's frames with the results drawn.
        case drawn
    }

    /// The folder of POSIX shared memory on Linux: shm_open(3).
    public static let folder: FilePath = "/dev/shm"

    public let prefix: SystemPrefix
    public let camera: CameraName
    public let kind: Kind

    public init(prefix: SystemPrefix, camera: CameraName, kind: Kind) {
        self.prefix = prefix
        self.camera = camera
        self.kind = kind
    }

    /// Parses the name of a file in ``folder``; returns nil if it is not a ring of this prefix and kind.
    public init?(fileName: String, prefix: SystemPrefix, kind: Kind) {
        let start = Self.start(prefix, kind)
        guard fileName.hasPrefix(start), let camera = CameraName(fileName.dropFirst(start.count)) else { return nil }
        self.init(prefix: prefix, camera: camera, kind: kind)
    }

    /// The name for shm_open(3), such as `/oriel.main`.
    public var objectName: String { "/" + fileName }

    /// The file behind it, such as `/dev/shm/oriel.main`.
    public var path: FilePath { Self.folder.appending(fileName) }

    /// The file that a writer keeps locked while it lives, such as `/dev/shm/.oriel.main.lock`.
    public var lockPath: FilePath { Self.folder.appending(".\(fileName).lock") }

    public var description: String { objectName }

    public var fileName: String { Self.start(prefix, kind) + camera.text }

    private static func start(_ prefix: SystemPrefix, _ kind: Kind) -> String { "\(prefix).\(kind.infix)" }

    /// The existing rings of `prefix` and `kind`, sorted by camera name.
    ///
    /// Objects that readers refuse because of their owner or permissions are left out: see ``RingOwners``.
    public static func existing(prefix: SystemPrefix, kind: Kind) -> [RingName] {
        Folder.names(in: folder)
            .compactMap { RingName(fileName: $0, prefix: prefix, kind: kind) }
            .filter { name in
                guard let file = try? FileStatus(at: name.path, followingLinks: false) else { return false }
                return file.refusalToRead(name) == nil
            }
            .sorted { $0.camera < $1.camera }
    }
}

extension RingName.Kind {
    /// The part between prefix and camera in the name.
    fileprivate var infix: String {
        switch self {
        case .capture: ""
        case .relay: "relay."
        case .detect: "detect."
        case .drawn: "drawn."
        }
    }

    /// The ring's writer, in a sentence about `camera`.
    public func writer(of camera: CameraName) -> String {
        switch self {
        case .capture: "the program that captures camera \(camera)"
        case .relay: "the program that relays camera \(camera)"
        case .detect: "the program that detects objects in camera \(camera)"
        case .drawn: "the program that draws the objects in camera \(camera)"
        }
    }

    /// Why there is no ring, for people.
    public var missingWriter: String {
        switch self {
        case .capture: "capture-daemon is not running"
        case .relay: "the relay is not connected yet"
        case .detect, .drawn: "the detector is not running"
        }
    }

    /// Whether interest may bring frames: a relay connects on demand, but a missing camera stays missing.
    public var respondsToDemand: Bool { self != .capture }

    /// Whether frames carry times of another machine's clock.
    public var hasForeignClock: Bool { self == .relay }

    /// Whether frames may carry times of another machine's clock: directly, or because they come from such a ring.
    var mayHaveForeignClock: Bool { self != .capture }

    /// Whether the camera's controls can be reached on this machine.
    public var hasControls: Bool { self == .capture }
}
