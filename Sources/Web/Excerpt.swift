/// Untrusted input, cut and cleaned so that it can be echoed in an error message or a log line.
public struct Excerpt: CustomStringConvertible {
    /// Unicode scalars that are kept.
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

    /// Whether a scalar shows as itself: no control character, and none that changes the direction of text.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
