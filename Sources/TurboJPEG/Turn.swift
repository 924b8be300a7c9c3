import CTurboJPEG

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
