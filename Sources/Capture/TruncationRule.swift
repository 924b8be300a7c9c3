/// Decides whether pictures without an end are refused.
///
/// A picture that lost its end shows grey below, so it is refused. Some cameras never send the end, though, and a check
/// that refuses most of what a camera sends does more harm than good: from then on such pictures are let through.
struct TruncationRule {
    /// Pictures that are looked back on.
    static let window = 100
    /// Pictures that must have been seen before the rule gives in.
    static let least = 30

    private var wereTruncated: [Bool] = []

    /// Whether pictures without an end are let through.
    private(set) var isRelaxed = false

    /// Notes one picture; true at the one moment when the rule gives in.
    mutating func note(isTruncated: Bool) -> Bool {
        guard !isRelaxed else { return false }
        if wereTruncated.count == Self.window { wereTruncated.removeFirst() }
        wereTruncated.append(isTruncated)
        let bad = wereTruncated.count { $0 }
        isRelaxed = wereTruncated.count >= Self.least && bad * 2 > wereTruncated.count
        return isRelaxed
    }
}
