/// Decides whether JPEGs without an end marker are rejected.
///
/// A JPEG without an end marker is usually truncated, and decodes to a picture that is grey at the bottom. It is
/// therefore rejected. However, some cameras never send the end marker. If more than half of a camera's recent pictures
/// lack it, the rule accepts JPEGs without an end marker from then on.
public struct TruncationRule: Sendable {
    /// The number of recent pictures that the rule considers.
    static let window = 100
    /// The number of pictures that the rule must have seen before it accepts pictures without an end marker.
    public static let minimumCount = 30

    private var wereTruncated: [Bool] = []

    /// Whether pictures without an end marker are accepted.
    public private(set) var isRelaxed = false

    public init() {}

    /// Records a picture.
    ///
    /// Returns true if this picture makes the rule accept JPEGs without an end marker, which happens at most once.
    public mutating func note(isTruncated: Bool) -> Bool {
        guard !isRelaxed else { return false }
        if wereTruncated.count == Self.window { wereTruncated.removeFirst() }
        wereTruncated.append(isTruncated)
        let bad = wereTruncated.count { $0 }
        isRelaxed = wereTruncated.count >= Self.minimumCount && bad * 2 > wereTruncated.count
        return isRelaxed
    }
}
