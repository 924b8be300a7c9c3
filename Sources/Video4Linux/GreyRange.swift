/// Determines which levels of a greyscale picture become black and white.
///
/// Thermal cameras use only a few hundred of 65 536 levels. If such a picture were shown unchanged, it would look
/// black. Therefore, if a picture with ten or more bits per pixel uses less than a quarter of the levels, these levels
/// are stretched to the full range from black to white. If the picture uses more than half of the levels, they are not
/// stretched. Between these limits, the more levels it uses, the less they are stretched. The range follows the
/// pictures slowly, to prevent flicker.
struct GreyRange {
    /// The 8-bit shade of each level.
    private(set) var shades: [UInt8]
    private var black = 0.0
    private var white: Double
    private let isStretched: Bool
    private var hasSeenPicture = false
    private var counts: [UInt32]

    init(bits: Int) {
        isStretched = bits >= 10
        white = Double((1 << bits) - 1)
        shades = [UInt8](repeating: 0, count: 1 << bits)
        counts = [UInt32](repeating: 0, count: isStretched ? 1 << bits : 0)
        updateShades()
    }

    /// Adapts the range to a picture.
    ///
    /// `sampleLevels` receives a closure. It must call this closure for many pixels that are spread over the picture,
    /// each time with the level of the pixel.
    mutating func follow(_ sampleLevels: ((Int) -> Void) -> Void) {
        guard isStretched else { return }
        for index in counts.indices { counts[index] = 0 }
        sampleLevels { counts[$0] += 1 }
        guard let (lowest, highest) = usedLevels() else { return }
        let all = Double(shades.count - 1)
        let stretch = min(1, max(0, (all / 2 - Double(highest - lowest)) / (all / 4)))
        let wanted = (black: Double(lowest) * stretch, white: all - (all - Double(highest)) * stretch)
        let step = hasSeenPicture ? 0.125 : 1
        hasSeenPicture = true
        black += (wanted.black - black) * step
        white += (wanted.white - white) * step
        updateShades()
    }

    /// Returns the darkest and the brightest level, or nil if there are no pixels.
    ///
    /// The darkest thousandth and the brightest thousandth of the pixels are ignored, because these may be defective.
    private func usedLevels() -> (lowest: Int, highest: Int)? {
        let total = counts.reduce(0) { $0 + Int($1) }
        guard total > 0 else { return nil }
        func level(_ indices: some Sequence<Int>) -> Int? {
            var passed = 0
            return indices.first {
                passed += Int(counts[$0])
                return passed > total / 1000
            }
        }
        guard let lowest = level(counts.indices), let highest = level(counts.indices.reversed()) else { return nil }
        return (min(lowest, highest), max(lowest, highest))
    }

    private mutating func updateShades() {
        // The range contains at least a thousandth of all levels. With a smaller range, the noise in a picture that has
        // nearly a single level would be stretched to black and white.
        let width = max(white - black, Double(shades.count) / 1000)
        for level in shades.indices {
            shades[level] = UInt8(max(0, min(255, ((Double(level) - black) * 255 / width).rounded())))
        }
    }
}
