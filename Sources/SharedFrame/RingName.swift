import Linux
public import Names
public import SystemPackage

/// The name of a ring in shared memory.
///
/// It is `/<prefix>.<camera>` for the kind `capture`, and `/<prefix>.<kind>.<camera>` for all other kinds.
public struct RingName: Hashable, Sendable, CustomStringConvertible {
    /// The kind of a ring, which says which program writes it.
    public enum Kind: CaseIterable, Sendable {
        /// capture-daemon writes the frames of a camera of this machine.
        case capture
        /// relay-fcgi writes the frames of an upstream server.
        case relay
        /// The detector writes a camera's frames with the detection results inside the JPEG.
        case detect
        /// The detector writes a camera's frames with the detection results drawn on the picture.
        case drawn
    }

    /// The folder that contains POSIX shared memory on Linux (shm_open(3)).
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

    /// The path of the ring's file, such as `/dev/shm/oriel.main`.
    public var path: FilePath { Self.folder.appending(fileName) }

    /// The path of the file that the writer keeps locked as long as it runs, such as `/dev/shm/.oriel.main.lock`.
    public var lockPath: FilePath { Self.folder.appending(".\(fileName).lock") }

    public var description: String { objectName }

    /// The name of the ring's file in ``folder``, such as `oriel.main`.
    public var fileName: String { Self.start(prefix, kind) + camera.text }

    private static func start(_ prefix: SystemPrefix, _ kind: Kind) -> String { "\(prefix).\(kind.infix)" }

    /// Returns the names of the existing rings of `prefix` and `kind`, sorted by camera name.
    ///
    /// Objects that readers must not use because of their owner or permissions are left out: see ``RingOwners``.
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
    /// The part of the name between the prefix and the camera.
    fileprivate var infix: String {
        switch self {
        case .capture: ""
        case .relay: "relay."
        case .detect: "detect."
        case .drawn: "drawn."
        }
    }

    /// Returns a phrase for the ring's writer, for use in a sentence about `camera`.
    public func writer(of camera: CameraName) -> String {
        switch self {
        case .capture: "the program that captures camera \(camera)"
        case .relay: "the program that relays camera \(camera)"
        case .detect: "the program that detects objects in camera \(camera)"
        case .drawn: "the program that draws the objects in camera \(camera)"
        }
    }

    /// A clause that tells people why there is no ring.
    public var missingWriter: String {
        switch self {
        case .capture: "capture-daemon is not running"
        case .relay: "the relay is not connected yet"
        case .detect, .drawn: "the detector is not running, or is off for this camera"
        }
    }

    /// Whether a viewer's request for pictures can cause a missing ring to be created.
    ///
    /// A relay connects when a viewer requests pictures. A request cannot start capture-daemon, however, so it does not
    /// create a ring of kind `capture`.
    public var respondsToDemand: Bool { self != .capture }

    /// Whether frames contain times of another machine's clock.
    public var hasForeignClock: Bool { self == .relay }

    /// Whether frames may contain times of another machine's clock, because they come from another machine or were
    /// created from the frames of a relay's ring.
    var mayHaveForeignClock: Bool { self != .capture }

    /// Whether the camera's controls can be reached on this machine.
    public var hasControls: Bool { self == .capture }
}
