/// How the samples of a Bayer pattern are stored, for the formats that libv4l converts.
struct BayerLayout: Equatable, Sendable {
    enum Storage: Sendable {
        /// One byte each.
        case bytes
        /// Ten bits in a word of two bytes.
        case words
        /// The upper eight bits of four samples, then a byte with their lower bits.
        case packed
    }

    let storage: Storage
    /// The pattern of eight bits with the same order of colours, such as `BA81`.
    let plain: PixelFormat

    /// Returns nil if `format` is not one of these.
    init?(_ format: PixelFormat) {
        guard let codes = Self.table.first(where: { $0.contains(format.characters) }),
            let index = codes.firstIndex(of: format.characters), let plain = PixelFormat(name: codes[0])
        else { return nil }
        storage = [.bytes, .words, .packed][index]
        self.plain = plain
    }

    /// The codes of linux/videodev2.h: eight bits, words, packed.
    private static let table = [
        ["BA81", "BG10", "pBAA"], ["GBRG", "GB10", "pGAA"], ["GRBG", "BA10", "pgAA"], ["RGGB", "RG10", "pRAA"],
    ]

    static let formats: [PixelFormat] = table.joined().compactMap { PixelFormat(name: $0) }

    /// The minimum length of a line.
    func bytesPerLine(width: Int) -> Int {
        switch storage {
        case .bytes: width
        case .words: width * 2
        case .packed: (width + 3) / 4 * 5
        }
    }

    /// Copies the upper eight bits of each sample to a picture without padding, whose sides are even.
    ///
    /// Of an odd side the last samples are those of the line or column two before, which have the same colours.
    func convert(
        _ source: Span<UInt8>, width: Int, height: Int, bytesPerLine: Int, into pattern: inout [UInt8]
    ) {
        var output = pattern.mutableSpan
        let evenWidth = (width + 1) / 2 * 2
        for line in 0..<((height + 1) / 2 * 2) {
            let from = (line < height ? line : max(0, line - 2)) * bytesPerLine
            for column in 0..<evenWidth {
                let index = column < width ? column : max(0, column - 2)
                output[line * evenWidth + column] = sample(source, from, index)
            }
        }
    }

    private func sample(_ source: Span<UInt8>, _ line: Int, _ column: Int) -> UInt8 {
        switch storage {
        case .bytes: return source[line + column]
        case .words:
            let word = Int(source[line + column * 2]) | Int(source[line + column * 2 + 1]) << 8
            return UInt8(truncatingIfNeeded: min(word, 1023) >> 2)
        case .packed: return source[line + column / 4 * 5 + column % 4]
        }
    }
}
