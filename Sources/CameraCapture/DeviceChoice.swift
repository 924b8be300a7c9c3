import Linux
public import SystemPackage

/// The source of pictures that `--device` names.
public enum DeviceChoice: Hashable, Sendable, CustomStringConvertible {
    /// The first camera that can be used.
    case automatic
    /// A Video4Linux node, or a link to one.
    case node(FilePath)
    /// The synthetic camera.
    case pattern
    /// A folder of JPEGs.
    case folder(FilePath)

    /// Parses `auto`, `pattern`, an index (`0` is /dev/video0), or the path of a node or of a folder.
    ///
    /// A path that does not exist yet is assumed to be a node if it is in /dev, and a folder if it ends in `/`.
    public init(_ text: String) throws(OptionError) {
        switch text {
        case "auto": self = .automatic
        case "pattern": self = .pattern
        case "": throw OptionError("it is empty: give auto, pattern, an index, or a path")
        default:
            if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                guard let index = UInt16(text) else { throw OptionError("the index is too high: give 0 to 65535") }
                self = .node(FilePath("/dev/video\(index)"))
            } else {
                self = try Self.named(text)
            }
        }
    }

    private static func named(_ text: String) throws(OptionError) -> DeviceChoice {
        let path = FilePath(text)
        switch try? FileStatus(at: path).kind {
        case .folder: return .folder(path)
        case .characterDevice: return .node(path)
        case .file: throw OptionError("it is a file: give the folder that contains it, or a device")
        case .other: throw OptionError("it is neither a device nor a folder")
        case nil:
            if text.hasPrefix("/dev/") { return .node(path) }
            if text.hasSuffix("/") { return .folder(path) }
            throw OptionError("there is no such device or folder: give auto, pattern, an index, or a path")
        }
    }

    public var description: String {
        switch self {
        case .automatic: "auto"
        case .node(let path), .folder(let path): "\(path)"
        case .pattern: "pattern"
        }
    }
}
