public import SystemPackage

/// A camera's name in URLs, options and shared memory, which matches `[a-z0-9][a-z0-9_-]{0,31}`.
public struct CameraName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name of a camera for which no other name was chosen.
    public static let main = CameraName(unchecked: "main")

    /// A description of valid names for the end of an error message, as in "'X' is not a valid camera name: use up to
    /// …".
    public static let rule = "use up to 32 lower-case letters, digits, '-' and '_', beginning with a letter or digit"

    public let text: String

    /// Returns nil if `text` is not a valid name.
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

    /// Returns the path of the socket for the camera's controls.
    public func controlSocket(in runtimeFolder: FilePath) -> FilePath {
        runtimeFolder.appending("control.\(text).sock")
    }

    public static func < (left: CameraName, right: CameraName) -> Bool { left.text < right.text }
}

extension UInt8 {
    var isLowercaseOrDigit: Bool { (0x61...0x7a).contains(self) || (0x30...0x39).contains(self) }
    var isLetterOrDigit: Bool { isLowercaseOrDigit || (0x41...0x5a).contains(self) }
}
