import Linux
public import SystemPackage

/// What a camera is called in URLs, options and shared memory: `[a-z0-9][a-z0-9_-]{0,31}`.
public struct CameraName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The camera that is meant where none is named.
    public static let main = CameraName(unchecked: "main")

    public let text: String

    /// Nil where `text` is not such a name.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard (1...32).contains(bytes.count), let first = bytes.first, first.isLowercaseOrDigit else { return nil }
        guard bytes.allSatisfy({ $0.isLowercaseOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }) else {
            return nil
        }
        self.text = String(text)
    }

    private init(unchecked text: String) {
        self.text = text
    }

    public var description: String { text }

    /// The file of the socket in the runtime folder by which the camera's controls are asked for.
    public var controlSocket: String { "control.\(text).sock" }

    public static func < (left: CameraName, right: CameraName) -> Bool { left.text < right.text }
}

/// The name of a ring in shared memory: `/<prefix>.<camera>`, a relay's `/<prefix>.relay.<camera>`.
public struct RingName: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Written by a capture-daemon.
        case capture
        /// Written by a relay from its upstream.
        case relay
    }

    /// Where POSIX shared memory lies on Linux: shm_open(3).
    public static let folder: FilePath = "/dev/shm"

    public let prefix: String
    public let camera: CameraName
    public let kind: Kind

    /// Nil where `prefix` is not `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`.
    public init?(prefix: String, camera: CameraName, kind: Kind) {
        guard Self.isPrefix(prefix) else { return nil }
        self.prefix = prefix
        self.camera = camera
        self.kind = kind
    }

    /// Whether `text` can be a system's prefix: `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`.
    public static func isPrefix(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, first.isLetterOrDigit else { return false }
        return bytes.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    /// As shm_open(3) takes it, such as `/oriel.main`.
    public var objectName: String { "/" + fileName }

    /// The file behind it, such as `/dev/shm/oriel.main`.
    public var path: FilePath { Self.folder.appending(fileName) }

    public var description: String { objectName }

    var fileName: String {
        switch kind {
        case .capture: "\(prefix).\(camera)"
        case .relay: "\(prefix).relay.\(camera)"
        }
    }

    /// The rings of `kind` that exist under `prefix`, by camera name.
    public static func existing(prefix: String, kind: Kind) -> [RingName] {
        let start = kind == .capture ? prefix + "." : prefix + ".relay."
        return Folder.names(in: folder)
            .filter { $0.hasPrefix(start) }
            .compactMap { CameraName($0.dropFirst(start.count)) }
            .sorted()
            .compactMap { RingName(prefix: prefix, camera: $0, kind: kind) }
    }
}

extension UInt8 {
    fileprivate var isLowercaseOrDigit: Bool { (0x61...0x7a).contains(self) || (0x30...0x39).contains(self) }
    fileprivate var isLetterOrDigit: Bool { isLowercaseOrDigit || (0x41...0x5a).contains(self) }
}
