/// A rectangle in pixels of the picture as it is displayed.
///
/// The origin is the top left corner of the picture. The right and bottom edges are exclusive. A box may lie partly or
/// completely outside the picture.
public struct Box: Hashable, Sendable {
    public var left: Double
    public var top: Double
    public var right: Double
    public var bottom: Double

    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    public init(centerX: Double, centerY: Double, width: Double, height: Double) {
        self.init(
            left: centerX - width / 2, top: centerY - height / 2, right: centerX + width / 2,
            bottom: centerY + height / 2)
    }

    public var width: Double { right - left }
    public var height: Double { bottom - top }
    public var centerX: Double { (left + right) / 2 }
    public var centerY: Double { (top + bottom) / 2 }
    /// The area in square pixels; 0 if the box is empty.
    public var area: Double { isEmpty ? 0 : width * height }
    /// Whether the width or the height is not positive, or the area is not finite.
    public var isEmpty: Bool { !(width > 0 && height > 0 && (width * height).isFinite) }
    /// The point at which an object in the box stands on the ground, which is the middle of the lower edge.
    public var foot: Point { Point(x: centerX, y: bottom) }

    /// Returns the part that is inside both boxes, which may be empty.
    public func intersection(_ other: Box) -> Box {
        Box(
            left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
            bottom: min(bottom, other.bottom))
    }

    /// Returns the smallest box that contains both boxes.
    public func union(_ other: Box) -> Box {
        Box(
            left: min(left, other.left), top: min(top, other.top), right: max(right, other.right),
            bottom: max(bottom, other.bottom))
    }

    /// Returns the overlap with another box, which is the intersection over union, 0 to 1.
    public func overlap(_ other: Box) -> Double {
        let common = intersection(other).area
        return common > 0 ? common / (area + other.area - common) : 0
    }

    /// Returns the share of this box's area that lies inside another box, 0 to 1.
    public func share(inside other: Box) -> Double {
        let common = intersection(other).area
        return common > 0 ? common / area : 0
    }

    public func contains(_ point: Point) -> Bool {
        point.x >= left && point.x < right && point.y >= top && point.y < bottom
    }

    /// Returns whether the box reaches an edge of the picture, or ends within a small margin of it.
    ///
    /// The margin is needed because the edges of a detector's boxes are wrong by some pixels.
    public func touchesEdge(of picture: PictureSize) -> Bool {
        let margin = max(2, 0.005 * Double(picture.width))
        return left <= margin || top <= margin || right >= Double(picture.width) - margin
            || bottom >= Double(picture.height) - margin
    }

    /// Returns the box converted from one picture size to another.
    public func scaled(from old: PictureSize, to new: PictureSize) -> Box {
        let x = Double(new.width) / Double(old.width)
        let y = Double(new.height) / Double(old.height)
        return Box(left: left * x, top: top * y, right: right * x, bottom: bottom * y)
    }

    /// Returns the distance between the centres of two boxes.
    ///
    /// Horizontal distances are in units of the boxes' mean width, and vertical ones in units of their mean height.
    func distance(_ other: Box) -> Double {
        let x = (centerX - other.centerX) / ((width + other.width) / 2)
        let y = (centerY - other.centerY) / ((height + other.height) / 2)
        return (x * x + y * y).squareRoot()
    }

    /// Returns the ratio of the widths multiplied by the ratio of the heights.
    ///
    /// For each ratio, the larger number is divided by the smaller one. The result is therefore at least 1.
    func sizeRatio(_ other: Box) -> Double {
        max(width, other.width) / min(width, other.width) * (max(height, other.height) / min(height, other.height))
    }
}

/// A point in pixels or in fractions of the picture, depending on where it is used.
public struct Point: Hashable, Sendable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// A picture's size in pixels, at least 1x1.
public struct PictureSize: Hashable, Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
    }

    public var bounds: Box { Box(left: 0, top: 0, right: Double(width), bottom: Double(height)) }
    public var area: Double { Double(width) * Double(height) }
    public var aspect: Double { Double(width) / Double(height) }

    /// Converts a point from pixels to fractions of the picture.
    public func fraction(_ point: Point) -> Point {
        Point(x: point.x / Double(width), y: point.y / Double(height))
    }

    /// Returns where an object stands, in fractions of the picture.
    ///
    /// The result is always inside the picture.
    public func foot(of box: Box) -> Point {
        let foot = fraction(box.foot)
        // A polygon does not contain its lower and right edges. A polygon that reaches the picture's edge must
        // nevertheless contain objects that stand at this edge.
        return Point(x: min(max(foot.x, 0), 0.999_999), y: min(max(foot.y, 0), 0.999_999))
    }
}
