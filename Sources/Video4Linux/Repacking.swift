/// Rearranges the samples of an uncompressed format that the encoder does not support into a format that it supports.
///
/// The result has no padding. Only chroma is lost: 4:4:4 becomes 4:2:2. The JPEGs would not have more chroma anyway.
struct Repacking: Sendable {
    /// How the samples of a format are stored.
    enum Storage: Sendable {
        /// 4:2:2 in groups of four bytes for two pixels. The values are the offsets of the two Y, and of Cb and Cr.
        case packed(luma: (Int, Int), blue: Int, red: Int)
        /// A plane of Y, followed by a plane in which Cb and Cr alternate. `across` × `down` pixels share one sample of
        /// Cb and one of Cr.
        case paired(across: Int, down: Int, isRedFirst: Bool)
        /// A plane of Y, followed by two planes of chroma. `across` × `down` pixels share one sample of each plane.
        case planar(across: Int, down: Int, isRedFirst: Bool)
        /// Two lines of Y are followed by one line of alternating Cb and Cr, which the two lines of Y share.
        case interleavedLines
        /// 4:2:0 like NV12, but each sample is in the upper bits of a little-endian word of 16 bits.
        case pairedWords
        /// A pixel has `count` bytes. The other values are the offsets of red, green and blue.
        case bytes(count: Int, red: Int, green: Int, blue: Int)
        /// A pixel is a word of 16 bits. The values are the shift and the number of bits of red, green and blue.
        case words(red: (Int, Int), green: (Int, Int), blue: (Int, Int), isBigEndian: Bool)
        /// Only Y, with `bits` bits per pixel.
        case grey(bits: Int, GreyLayout)
    }

    enum GreyLayout: Sendable {
        /// A sample is in the lower bits of a byte.
        case byte
        /// A sample is in the lower bits of a word of two bytes.
        case word(isBigEndian: Bool)
        /// Samples follow each other without gaps, beginning with the most significant bit.
        case bitStream
        /// The upper eight bits of four samples of 10 bits, or of two samples of 12 bits, are followed by a byte that
        /// contains the lower bits of these samples.
        case packed
    }

    let storage: Storage

    /// The format of the result.
    var target: PixelFormat {
        switch storage {
        case .packed: .yuyv
        case .paired(_, let down, _), .planar(_, let down, _): down == 1 ? .yuyv : .yu12
        case .interleavedLines, .pairedWords: .yu12
        case .bytes, .words: .rgb24
        case .grey: .grey
        }
    }

    /// Returns the minimum length in bytes of a line of the first plane.
    func bytesPerLine(width: Int) -> Int {
        switch storage {
        case .packed: (width + 1) / 2 * 4
        case .paired, .planar, .interleavedLines: width
        case .pairedWords: width * 2
        case .bytes(let count, _, _, _): width * count
        case .words: width * 2
        case .grey(_, .byte): width
        case .grey(_, .word): width * 2
        case .grey(let bits, .bitStream): (width * bits + 7) / 8
        case .grey(let bits, .packed): bits == 10 ? (width + 3) / 4 * 5 : (width + 1) / 2 * 3
        }
    }

    /// Returns the number of bytes per line of the chroma planes if the first plane has `bytesPerLine` bytes per line.
    func chromaBytesPerLine(_ bytesPerLine: Int) -> Int {
        switch storage {
        case .paired(let across, _, _): (bytesPerLine + across - 1) / across * 2
        case .planar(let across, _, _): (bytesPerLine + across - 1) / across
        case .pairedWords: (bytesPerLine + 3) / 4 * 4
        default: bytesPerLine
        }
    }

    /// Returns the size of a whole picture in bytes.
    func byteCount(bytesPerLine: Int, height: Int) -> Int {
        let luma = bytesPerLine * height
        let chroma = chromaBytesPerLine(bytesPerLine)
        return switch storage {
        case .paired(_, let down, _): luma + chroma * ((height + down - 1) / down)
        case .planar(_, let down, _): luma + 2 * chroma * ((height + down - 1) / down)
        case .pairedWords: luma + chroma * ((height + 1) / 2)
        case .interleavedLines: bytesPerLine * ((height + 1) / 2 * 3)
        default: luma
        }
    }
}

extension Repacking {
    /// Creates the conversion from `format`; returns nil if the format needs no conversion or cannot be converted.
    init?(_ format: PixelFormat) {
        guard let storage = Self.storages[format] else { return nil }
        self.storage = storage
    }

    /// All formats that can be converted in this way; roughly, the formats with the most colour are first.
    static let formats: [PixelFormat] = table.compactMap { PixelFormat(fourCharacters: $0.0) }

    private static let storages: [PixelFormat: Storage] = Dictionary(
        uniqueKeysWithValues: table.compactMap { entry in
            PixelFormat(fourCharacters: entry.0).map { ($0, entry.1) }
        })

    /// The four-character code (linux/videodev2.h) of each format that can be converted, and how the format is stored.
    private static let table: [(String, Storage)] = [
        // V4L2 API, "Packed YUV formats".
        ("YVYU", .packed(luma: (0, 2), blue: 3, red: 1)), ("VYUY", .packed(luma: (1, 3), blue: 2, red: 0)),
        // "Semi-planar YUV formats", "planar YUV formats".
        ("NV16", .paired(across: 2, down: 1, isRedFirst: false)),
        ("NV61", .paired(across: 2, down: 1, isRedFirst: true)),
        ("NV24", .paired(across: 1, down: 1, isRedFirst: false)),
        ("NV42", .paired(across: 1, down: 1, isRedFirst: true)),
        ("NV21", .paired(across: 2, down: 2, isRedFirst: true)),
        ("422P", .planar(across: 2, down: 1, isRedFirst: false)),
        ("YV12", .planar(across: 2, down: 2, isRedFirst: true)),
        ("411P", .planar(across: 4, down: 1, isRedFirst: false)),
        ("YUV9", .planar(across: 4, down: 4, isRedFirst: false)),
        ("YVU9", .planar(across: 4, down: 4, isRedFirst: true)),
        ("M420", .interleavedLines), ("P010", .pairedWords),
        // "RGB formats".
        ("BGR4", .bytes(count: 4, red: 2, green: 1, blue: 0)), ("AR24", .bytes(count: 4, red: 2, green: 1, blue: 0)),
        ("XR24", .bytes(count: 4, red: 2, green: 1, blue: 0)), ("RGB4", .bytes(count: 4, red: 1, green: 2, blue: 3)),
        ("BA24", .bytes(count: 4, red: 1, green: 2, blue: 3)), ("BX24", .bytes(count: 4, red: 1, green: 2, blue: 3)),
        ("AB24", .bytes(count: 4, red: 0, green: 1, blue: 2)), ("XB24", .bytes(count: 4, red: 0, green: 1, blue: 2)),
        ("RA24", .bytes(count: 4, red: 3, green: 2, blue: 1)), ("RX24", .bytes(count: 4, red: 3, green: 2, blue: 1)),
        ("RGBP", .words(red: (11, 5), green: (5, 6), blue: (0, 5), isBigEndian: false)),
        ("RGBR", .words(red: (11, 5), green: (5, 6), blue: (0, 5), isBigEndian: true)),
        ("RGBO", .words(red: (10, 5), green: (5, 5), blue: (0, 5), isBigEndian: false)),
        ("AR15", .words(red: (10, 5), green: (5, 5), blue: (0, 5), isBigEndian: false)),
        ("XR15", .words(red: (10, 5), green: (5, 5), blue: (0, 5), isBigEndian: false)),
        ("RGBQ", .words(red: (10, 5), green: (5, 5), blue: (0, 5), isBigEndian: true)),
        // "Luma-only formats".
        ("Y16 ", .grey(bits: 16, .word(isBigEndian: false))), ("Y16 -BE", .grey(bits: 16, .word(isBigEndian: true))),
        ("Y14 ", .grey(bits: 14, .word(isBigEndian: false))), ("Y12 ", .grey(bits: 12, .word(isBigEndian: false))),
        ("Y10 ", .grey(bits: 10, .word(isBigEndian: false))), ("Y10B", .grey(bits: 10, .bitStream)),
        ("Y10P", .grey(bits: 10, .packed)), ("Y12P", .grey(bits: 12, .packed)),
        ("Y04 ", .grey(bits: 4, .byte)), ("Y06 ", .grey(bits: 6, .byte)),
    ]
}

extension PixelFormat {
    /// Creates a format from its four characters, which are followed by `-BE` if the format is big-endian.
    fileprivate init?(fourCharacters text: String) {
        let bytes = Array(text.utf8.prefix(4))
        guard bytes.count == 4 else { return nil }
        let code = bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
        self.init(code: text.hasSuffix("-BE") ? code | 1 << 31 : code)
    }
}
