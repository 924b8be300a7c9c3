import TurboJPEG

/// How pictures are rotated and mirrored.
public struct Orientation: Hashable, Sendable {
    /// A clockwise rotation in degrees.
    public enum Rotation: Int, CaseIterable, Sendable {
        case none = 0
        case quarter = 90
        case half = 180
        case threeQuarters = 270
    }

    public enum Flip: String, CaseIterable, Sendable {
        case none
        /// Exchanges left and right.
        case horizontal
        /// Exchanges top and bottom.
        case vertical
        case both
    }

    public var rotation: Rotation
    /// Applied after the rotation.
    public var flip: Flip

    public static let upright = Orientation(rotation: .none, flip: .none)

    public init(rotation: Rotation, flip: Flip) {
        self.rotation = rotation
        self.flip = flip
    }

    /// The rotation and the flip, combined into one operation.
    var turn: Turn {
        let isHorizontal = flip == .horizontal || flip == .both
        let isVertical = flip == .vertical || flip == .both
        return Turn(degrees: rotation.rawValue, horizontally: isHorizontal, vertically: isVertical) ?? .none
    }
}
