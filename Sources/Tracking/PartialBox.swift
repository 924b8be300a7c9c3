/// Completes the box of an object that another object hides on one side.
///
/// The detector reports only the visible part of such an object. The middle of this part moves more slowly than the
/// object, and its width shrinks. Without this correction, the object would be expected in the wrong place when it
/// reappears on the other side.
enum PartialBox {
    /// A box that has at least this share of the expected width counts as whole.
    ///
    /// The width of a detected box varies by about a tenth, even if nothing hides the object.
    private static let wholeShare = 0.9
    /// The minimum share of the expected box that the other object hides.
    private static let hiddenShare = 0.1
    /// The maximum distance between the edge of the visible part and the edge of the other object, as a share of the
    /// expected width.
    private static let maximumDistance = 0.2

    /// Completes a box.
    ///
    /// - Parameters:
    ///   - box: The detected box.
    ///   - expected: The predicted box of the object.
    ///   - others: The detected boxes of all objects; `box` may be one of them.
    /// - Returns: The box of the whole object, or `box` itself if no other object hides a side of it.
    static func completed(_ box: Box, expected: Box, others: [Box]) -> Box {
        guard box.width < wholeShare * expected.width else { return box }
        for other in others where other != box && expected.share(inside: other) >= hiddenShare {
            let limit = maximumDistance * expected.width
            if other.right > box.right, other.left > box.left, abs(other.left - box.right) <= limit {
                return Box(left: box.left, top: box.top, right: box.left + expected.width, bottom: box.bottom)
            }
            if other.left < box.left, other.right < box.right, abs(box.left - other.right) <= limit {
                return Box(left: box.right - expected.width, top: box.top, right: box.right, bottom: box.bottom)
            }
        }
        return box
    }
}
