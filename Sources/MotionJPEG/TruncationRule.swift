/// Decides whether JPEGs without an end marker are refused.
///
/// A truncated picture is grey at the bottom, so it is refused. But some cameras never send the end marker, and a check
/// that refuses most of what a camera sends does more harm than good: then the rule accepts such pictures for good.
public struct TruncationRule: Sendable {
    /// Pictures that the rule looks back on.
    static let window = 100
    /// Pictures that the rule must have seen before it accepts truncated ones.
    public static let minimumCount = 30

    private var wereTruncated: [Bool] = []

    /// Whether pictures without an end marker are accepted.
    public private(set) var isRelaxed = false

    public init() {}

    /// Records a picture; returns true at the one moment when truncated pictures become accepted.
    public mutating func note(isTruncated: Bool) -> Bool {
        guard !isRelaxed else { return false }
        if wereTruncated.count == Self.window { wereTruncated.removeFirst() }
        wereTruncated.append(isTruncated)
        let bad = wereTruncated.count { $0 }
        isRelaxed = wereTruncated.count >= Self.minimumCount && bad * 2 > wereTruncated.count
        return isRelaxed
    }
}
