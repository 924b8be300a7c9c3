/// Turns decoded pixels.
struct PixelTurn {
    let turn: Turn
    /// The width before `turn` is applied.
    let width: Int
    /// The height before `turn` is applied.
    let height: Int
    let bytesPerPixel: Int

    /// Copies the pixels of `source`, whose lines have no padding, to their turned positions in `target`.
    ///
    /// `bytesPerLine` is the number of bytes from one line of `target` to the next.
    func copy(_ source: Span<UInt8>, into target: inout MutableSpan<UInt8>, bytesPerLine: Int) {
        let (origin, across, down) = steps
        let (columns, lines) = turn.swapsSides ? (height, width) : (width, height)
        for line in 0..<lines {
            var from = (origin + line * down) * bytesPerPixel
            var to = line * bytesPerLine
            for _ in 0..<columns {
                for sample in 0..<bytesPerPixel { target[to + sample] = source[from + sample] }
                from += across * bytesPerPixel
                to += bytesPerPixel
            }
        }
    }

    /// The index in `source` of the pixel that becomes the first pixel of the result, and two signed steps in pixels.
    ///
    /// A pixel's index in `source` plus `across` is the index of the pixel that becomes its right neighbor in the
    /// result. The index plus `down` is the index of the pixel that becomes its lower neighbor.
    private var steps: (origin: Int, across: Int, down: Int) {
        let (right, bottom) = (width - 1, (height - 1) * width)
        return switch turn {
        case .none: (0, 1, width)
        case .rotate90: (bottom, -width, 1)
        case .rotate180: (bottom + right, -1, -width)
        case .rotate270: (right, width, -1)
        case .flipHorizontal: (right, -1, width)
        case .flipVertical: (bottom, 1, -width)
        case .transpose: (0, width, 1)
        case .transverse: (bottom + right, -width, -1)
        }
    }
}
