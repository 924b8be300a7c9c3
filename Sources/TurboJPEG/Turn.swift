import CTurboJPEG
public import MotionJPEG

/// A rotation or mirroring of a picture.
public enum Turn: Sendable, CaseIterable {
    case none
    /// Clockwise.
    case rotate90
    case rotate180
    /// Clockwise, so a quarter turn to the left.
    case rotate270
    /// Left becomes right.
    case flipHorizontal
    /// Top becomes bottom.
    case flipVertical
    /// Mirrored along the diagonal from the top left.
    case transpose
    /// Mirrored along the diagonal from the top right.
    case transverse

    /// A clockwise rotation followed by mirrorings.
    ///
    /// Returns nil for invalid degrees.
    ///
    /// - Parameters:
    ///   - degrees: 0, 90, 180 or 270.
    ///   - horizontally: Whether left becomes right after the rotation.
    ///   - vertically: Whether top becomes bottom after the rotation.
    public init?(degrees: Int, horizontally: Bool, vertically: Bool) {
        // Both mirrorings together make half a turn.
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

    /// The turn that shows a stored picture as its Exif data wants it.
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

    /// This turn followed by `next`, as one turn.
    public func followed(by next: Turn) -> Turn {
        let (first, second) = (steps, next.steps)
        // A mirroring reverses the rotation before it.
        let quarters = second.quarters + (second.isMirrored ? 4 - first.quarters : first.quarters)
        let isMirrored = first.isMirrored != second.isMirrored
        return Self.allCases.first { $0.steps == (quarters % 4, isMirrored) } ?? .none
    }

    /// The turn as a mirroring from left to right, if any, followed by clockwise quarter turns.
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

    /// Whether width and height are swapped.
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
