import CTurboJPEG
public import MotionJPEG

/// A rotation or mirroring of a picture.
public enum Turn: Sendable, CaseIterable {
    case none
    /// A rotation by 90° clockwise.
    case rotate90
    case rotate180
    /// A rotation by 270° clockwise, which is a quarter turn to the left.
    case rotate270
    /// A mirroring that exchanges left and right.
    case flipHorizontal
    /// A mirroring that exchanges top and bottom.
    case flipVertical
    /// A mirroring across the diagonal that begins at the top left.
    case transpose
    /// A mirroring across the diagonal that begins at the top right.
    case transverse

    /// Creates the turn that consists of a clockwise rotation, followed by mirrorings.
    ///
    /// Returns nil if `degrees` is invalid.
    ///
    /// - Parameters:
    ///   - degrees: The angle of the rotation, which must be 0, 90, 180 or 270.
    ///   - horizontally: Whether to exchange left and right after the rotation.
    ///   - vertically: Whether to exchange top and bottom after the rotation.
    public init?(degrees: Int, horizontally: Bool, vertically: Bool) {
        // Both mirrorings together have the same effect as a rotation by 180°.
        let isBoth = horizontally && vertically
        let quarters: [Turn] = [.none, .rotate90, .rotate180, .rotate270]
        guard degrees.isMultiple(of: 90), (0...270).contains(degrees) else { return nil }
        let quarter = (degrees / 90 + (isBoth ? 2 : 0)) % 4
        if isBoth || !(horizontally || vertically) {
            self = quarters[quarter]
        } else {
            let mirrored: [Turn] = [.flipHorizontal, .transpose, .flipVertical, .transverse]
            self = mirrored[(quarter + (vertically ? 2 : 0)) % 4]
        }
    }

    /// Creates the turn that a stored picture needs according to its Exif orientation.
    public init(_ orientation: ExifOrientation) {
        self =
            switch orientation {
            case .upright: .none
            case .flipHorizontal: .flipHorizontal
            case .rotate180: .rotate180
            case .flipVertical: .flipVertical
            case .transpose: .transpose
            case .rotate90: .rotate90
            case .transverse: .transverse
            case .rotate270: .rotate270
            }
    }

    /// Returns the turn that has the same effect as this turn followed by `next`.
    public func followed(by next: Turn) -> Turn {
        let (first, second) = (steps, next.steps)
        // If a mirroring follows a rotation, it reverses the direction of that rotation.
        let quarters = second.quarters + (second.isMirrored ? 4 - first.quarters : first.quarters)
        let isMirrored = first.isMirrored != second.isMirrored
        return Self.allCases.first { $0.steps == (quarters % 4, isMirrored) } ?? .none
    }

    /// The turn expressed as an optional exchange of left and right, followed by a number of clockwise quarter turns.
    private var steps: (quarters: Int, isMirrored: Bool) {
        switch self {
        case .none: (0, false)
        case .rotate90: (1, false)
        case .rotate180: (2, false)
        case .rotate270: (3, false)
        case .flipHorizontal: (0, true)
        case .transverse: (1, true)
        case .flipVertical: (2, true)
        case .transpose: (3, true)
        }
    }

    /// Whether the turn swaps width and height.
    public var swapsSides: Bool {
        switch self {
        case .rotate90, .rotate270, .transpose, .transverse: true
        case .none, .rotate180, .flipHorizontal, .flipVertical: false
        }
    }

    var code: CInt {
        let code =
            switch self {
            case .none: TJXOP_NONE
            case .rotate90: TJXOP_ROT90
            case .rotate180: TJXOP_ROT180
            case .rotate270: TJXOP_ROT270
            case .flipHorizontal: TJXOP_HFLIP
            case .flipVertical: TJXOP_VFLIP
            case .transpose: TJXOP_TRANSPOSE
            case .transverse: TJXOP_TRANSVERSE
            }
        return CInt(truncatingIfNeeded: code.rawValue)
    }
}
