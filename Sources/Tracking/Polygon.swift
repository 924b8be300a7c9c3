/// An area of the picture.
///
/// The corners are in fractions of the picture, 0 to 1, so that the area does not depend on the picture's size.
public struct Polygon: Hashable, Sendable {
    public let corners: [Point]

    /// Creates a polygon; returns nil if there are fewer than three corners, or if a corner is outside the picture.
    public init?(_ corners: [Point]) {
        guard corners.count >= 3,
            corners.allSatisfy({ (0...1).contains($0.x) && (0...1).contains($0.y) })
        else { return nil }
        self.corners = corners
    }

    /// Returns whether a point in fractions of the picture is inside the polygon, according to the even-odd rule.
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
