/// Untrusted text that was truncated and sanitized, so that it can be included in an error message or a log line.
public struct Excerpt: CustomStringConvertible {
    /// The maximum number of Unicode scalars; longer text is truncated, and an ellipsis is appended.
    public static let maximumLength = 100

    public let description: String

    public init(_ text: some StringProtocol) {
        let scalars = text.unicodeScalars
        let end =
            scalars.index(scalars.startIndex, offsetBy: Self.maximumLength, limitedBy: scalars.endIndex)
            ?? scalars.endIndex
        let kept = scalars[..<end].map { Self.isPrintable($0) ? $0 : "?" }
        description = String(String.UnicodeScalarView(kept)) + (end == scalars.endIndex ? "" : "…")
    }

    /// Returns whether a scalar is printable, which excludes control characters, such as line breaks, and invisible
    /// characters.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
