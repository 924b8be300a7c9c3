/// Untrusted input, truncated and sanitised so that it can be echoed in an error message or a log line.
public struct Excerpt: CustomStringConvertible {
    /// The maximum number of Unicode scalars.
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

    /// Whether a scalar is printable: not a control character and not a directional mark.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
