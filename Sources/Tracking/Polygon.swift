/// An area of the picture.
///
/// The coordinates of its corners are fractions of the picture's width and height, from 0 to 1. It therefore remains
/// valid when the size of the picture changes.
public struct Polygon: Hashable, Sendable {
    public let corners: [Point]

    /// Returns nil if there are fewer than three corners, or if a corner is outside the picture.
    public init?(_ corners: [Point]) {
        guard corners.count >= 3,
            corners.allSatisfy({ (0...1).contains($0.x) && (0...1).contains($0.y) })
        else { return nil }
        self.corners = corners
    }

    /// Returns whether a point is inside the polygon by the even-odd rule.
    ///
    /// The point's coordinates are fractions of the picture's width and height too.
    public func contains(_ point: Point) -> Bool {
        var isInside = false
        var previous = corners[corners.count - 1]
        for corner in corners {
            if (corner.y > point.y) != (previous.y > point.y) {
                let x = corner.x + (point.y - corner.y) / (previous.y - corner.y) * (previous.x - corner.x)
                if point.x < x { isInside.toggle() }
            }
            previous = corner
        }
        return isInside
    }
}
