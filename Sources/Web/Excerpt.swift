/// Untrusted input that was truncated and sanitized, so that it can be included in an error message or a log line.
public struct Excerpt: CustomStringConvertible {
    /// The maximum number of Unicode scalars; longer text is truncated and ends in an ellipsis.
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

    /// Returns whether a scalar is neither a control character, such as a line break, nor an invisible one.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
