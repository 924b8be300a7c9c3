/// Sanitizes text from another machine, so that it can be used in logs, in the ring and in the status document.
enum UntrustedText {
    /// The maximum length of the result in Unicode scalars.
    static let maximumCount = 200

    /// Returns `text` without control and formatting characters, truncated to ``maximumCount``.
    ///
    /// Line breaks, tabs and other separators become spaces, so that the result is a single line.
    static func clean(_ text: some StringProtocol) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // Scalars are counted rather than characters, because one character may contain any number of scalars.
            if scalars.count == maximumCount {
                scalars.removeLast()
                scalars.append("…")
                break
            }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator:
                if scalar.properties.isWhitespace, scalars.last != " " { scalars.append(" ") }
            case .format, .surrogate, .privateUse, .unassigned: break
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
