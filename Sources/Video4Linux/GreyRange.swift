/// Which levels of a greyscale picture are shown as black and as white.
///
/// Thermal cameras use a few hundred of 65 536 levels: shown as they are, such a picture is black. So if a picture of
/// ten or more bits uses less than a quarter of the levels, these are stretched to all of black to white; if it uses
/// more than half, nothing is changed; in between the stretch fades. The range follows the picture slowly, so that
/// nothing flickers.
struct GreyRange {
    /// The shade of each level.
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

    /// Follows a picture; `sampleLevels` calls its argument with the levels of some of its pixels.
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

    /// The darkest and the brightest level, without a thousandth of the pixels at each end: they may be defective.
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
        // At least a thousandth of all levels, so that noise in a picture of one level does not fill the screen.
        let width = max(white - black, Double(shades.count) / 1000)
        for level in shades.indices {
            shades[level] = UInt8(max(0, min(255, ((Double(level) - black) * 255 / width).rounded())))
        }
    }
}
