/// What somebody sent, short enough to be told again: a message is for a person, and no echo of kilobytes.
public struct Excerpt: CustomStringConvertible {
    /// The most characters (Unicode scalars) that are told.
    public static let limit = 100

    public let description: String

    public init(_ text: some StringProtocol) {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: Self.limit, limitedBy: scalars.endIndex),
            end != scalars.endIndex
        else {
            description = String(text)
            return
        }
        description = String(text[..<end]) + "…"
    }
}
