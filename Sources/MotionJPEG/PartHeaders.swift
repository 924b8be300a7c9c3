/// The headers of one part of a multipart stream, and the properties of its picture.
public struct PartHeaders: Sendable, Equatable {
    /// The Content-Type as it was sent.
    public var contentType: String?

    /// The Content-Length as it was sent, right or wrong.
    public var contentLength: Int?

    /// The X-Timestamp in nanoseconds.
    ///
    /// Which clock the time comes from depends on the server.
    public var timestamp: UInt64?

    /// The X-Frame-Id, which is the number of the frame.
    public var frameNumber: UInt64?

    /// The properties of the part's JPEG, or nil if the part is not a whole JPEG.
    ///
    /// To learn the reason, call `JPEG.inspect`, which throws it.
    public var picture: JPEGInfo?

    public init() {}

    /// Parses one header line without its line break; ignores unknown headers.
    mutating func take(_ line: Span<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":"), from: 0) else { return }
        let name = line.extracting(0..<colon).trimmedText.lowercased()
        let value = line.extracting((colon + 1)..<line.count).trimmedText
        switch name {
        case "content-type": contentType = value
        case "content-length": contentLength = Self.decimal(value).flatMap { Int(exactly: $0) }
        case "x-timestamp": timestamp = Self.nanoseconds(value)
        case "x-frame-id": frameNumber = Self.decimal(value)
        default: break
        }
    }

    /// Returns the number in `text`, or nil if it contains anything but digits, is empty, or exceeds 64 bits.
    private static func decimal(_ text: some StringProtocol) -> UInt64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(text)
    }

    /// Converts an X-Timestamp, `<seconds>` or `<seconds>.<fraction>`, to nanoseconds.
    ///
    /// Digits after the ninth decimal place are dropped. Returns nil if the text is invalid or the result exceeds 64
    /// bits.
    public static func nanoseconds(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let seconds = decimal(first) else { return nil }
        var fraction: UInt64 = 0
        if parts.count == 2 {
            let digits = parts[1].prefix(9)
            guard decimal(parts[1].prefix(18)) != nil || parts[1].isEmpty else { return nil }
            fraction = decimal(digits) ?? 0
            for _ in digits.count..<9 { fraction *= 10 }
        }
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isSumTooLarge) = whole.addingReportingOverflow(fraction)
        return isTooLarge || isSumTooLarge ? nil : sum
    }
}

extension Span where Element == UInt8 {
    /// The bytes as text, without leading and trailing blanks.
    fileprivate var trimmedText: String {
        var lower = 0
        var upper = count
        while lower < upper, self[lower].isBlank { lower += 1 }
        while lower < upper, self[upper - 1].isBlank { upper -= 1 }
        var text: [UInt8] = []
        for index in lower..<upper { text.append(self[index]) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension UInt8 {
    /// A space or a tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// A carriage return or a line feed.
    var isLineBreak: Bool { self == 0x0D || self == 0x0A }

    /// Whether a header field name may contain this character (RFC 9110, 5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: Self.otherTokenCharacters.contains(self)
        }
    }

    private static let otherTokenCharacters = Array("!#$%&'*+-.^_`|~".utf8)
}
