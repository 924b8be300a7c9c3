/// Decides whether JPEGs without an end marker are rejected.
///
/// A truncated picture is grey at the bottom, so it is rejected. But some cameras never send the end marker: if most of
/// a camera's pictures lack it, the rule accepts such pictures from then on.
public struct TruncationRule: Sendable {
    /// The number of recent pictures that the rule considers.
    static let window = 100
    /// The number of pictures that the rule must have seen before it accepts truncated ones.
    public static let minimumCount = 30

    private var wereTruncated: [Bool] = []

    /// Whether pictures without an end marker are accepted.
    public private(set) var isRelaxed = false

    public init() {}

    /// Records a picture; returns true once, when truncated pictures become accepted.
    public mutating func note(isTruncated: Bool) -> Bool {
        guard !isRelaxed else { return false }
        if wereTruncated.count == Self.window { wereTruncated.removeFirst() }
        wereTruncated.append(isTruncated)
        let bad = wereTruncated.count { $0 }
        isRelaxed = wereTruncated.count >= Self.minimumCount && bad * 2 > wereTruncated.count
        return isRelaxed
    }
}
