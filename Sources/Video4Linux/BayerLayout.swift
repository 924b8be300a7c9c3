/// How a Bayer pattern is stored in memory.
///
/// There is one layout for each Bayer format that libv4l can convert.
struct BayerLayout: Equatable, Sendable {
    enum Storage: Sendable {
        /// Each sample is a byte.
        case bytes
        /// Each sample has ten bits and is stored in a word of two bytes.
        case words
        /// Four samples take five bytes: the upper eight bits of each, then a byte with the lower bits of all four.
        case packed
    }

    let storage: Storage
    /// The format with one byte per sample and the same order of colours, such as `BA81`.
    let plain: PixelFormat

    /// Returns nil if `format` is not a Bayer format that libv4l can convert.
    init?(_ format: PixelFormat) {
        guard let codes = Self.table.first(where: { $0.contains(format.characters) }),
            let index = codes.firstIndex(of: format.characters), let plain = PixelFormat(name: codes[0])
        else { return nil }
        storage = [.bytes, .words, .packed][index]
        self.plain = plain
    }

    /// The four-character codes of linux/videodev2.h.
    ///
    /// The formats in a row have the same order of colours. The columns are for `bytes`, `words` and `packed`.
    private static let table = [
        ["BA81", "BG10", "pBAA"], ["GBRG", "GB10", "pGAA"], ["GRBG", "BA10", "pgAA"], ["RGGB", "RG10", "pRAA"],
    ]

    static let formats: [PixelFormat] = table.joined().compactMap { PixelFormat(name: $0) }

    /// The minimum length of a line in bytes.
    func bytesPerLine(width: Int) -> Int {
        switch storage {
        case .bytes: width
        case .words: width * 2
        case .packed: (width + 3) / 4 * 5
        }
    }

    /// Copies the upper eight bits of each sample to `pattern`, a picture without padding whose width and height are
    /// even.
    ///
    /// If the width or height of `source` is odd, a column or line is added at the end. It is a copy of the second-last
    /// column or line, which has the colours that the pattern needs there.
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
