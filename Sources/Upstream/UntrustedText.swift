/// Text that another machine has sent, made fit for logs, the ring and the status document.
enum ForeignText {
    /// The most characters that are kept.
    static let maximumCount = 200

    /// Returns `text` without control and bidirectional formatting characters, cut to ``maximumCount``.
    ///
    /// Line breaks, tabs and other separators become spaces: whoever reads the text relies on it being one line.
    static func clean(_ text: some StringProtocol) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // Counted by scalars: one character may hold any number of combining marks.
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
