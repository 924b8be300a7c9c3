/// A place between two lines of a journal.
///
/// Its text, such as `1795816090551-4711`, consists of the number of a file and an offset in that file. It remains
/// valid when the journal begins a new file.
public struct JournalPosition: Hashable, Comparable, Sendable, LosslessStringConvertible {
    /// The number of the file: when the file was created, in milliseconds since 1970.
    ///
    /// Later files have larger numbers.
    public let file: Int64
    /// The number of bytes in the file before this place.
    public let offset: Int

    /// The place before the first line of the oldest file.
    public static let start = JournalPosition(file: 0, offset: 0)

    public init(file: Int64, offset: Int) {
        self.file = file
        self.offset = offset
    }

    /// Parses the text of a position; returns nil if it is malformed.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let file = Self.number(parts[0]), let offset = Self.number(parts[1]) else { return nil }
        self.init(file: file, offset: Int(offset))
    }

    public var description: String { "\(file)-\(offset)" }

    public static func < (left: JournalPosition, right: JournalPosition) -> Bool {
        (left.file, left.offset) < (right.file, right.offset)
    }

    /// Parses 1 to 18 digits, so that every value fits.
    private static func number(_ text: Substring) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
