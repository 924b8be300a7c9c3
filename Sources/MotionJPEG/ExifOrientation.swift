/// How a stored picture must be rotated or mirrored before it is displayed, according to its Exif data (Exif 2.3,
/// section 4.6.4, tag 0x0112).
///
/// Browsers rotate or mirror pictures in this way. The reported size, the detector's input and the positions of boxes
/// must therefore refer to the displayed picture too.
public enum ExifOrientation: Int, CaseIterable, Sendable {
    case upright = 1
    case flipHorizontal = 2
    case rotate180 = 3
    case flipVertical = 4
    /// Mirrored across the diagonal that begins at the top left.
    case transpose = 5
    /// Rotated 90° clockwise.
    case rotate90 = 6
    /// Mirrored across the diagonal that begins at the top right.
    case transverse = 7
    /// Rotated 270° clockwise, which is a quarter turn to the left.
    case rotate270 = 8

    /// Whether the width of the displayed picture is the height of the stored picture, and vice versa.
    public var swapsSides: Bool { rawValue >= 5 }

    /// Reads the orientation from the first Exif segment of a JPEG; the result is `upright` if that segment is missing
    /// or damaged.
    ///
    /// The bytes need not be a valid JPEG. Only the segments before the entropy-coded data are read.
    public init(of jpeg: RawSpan) {
        self.init(of: Span<UInt8>(_bytes: jpeg))
    }

    init(of jpeg: Span<UInt8>) {
        self = Self.find(in: jpeg) ?? .upright
    }

    private static func find(in bytes: Span<UInt8>) -> ExifOrientation? {
        guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return nil }
        var position = 2
        while true {
            while position < bytes.count, bytes[position] != 0xFF { position += 1 }
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position + 2 < bytes.count else { return nil }
            let marker = bytes[position]
            position += 1
            // Stuffed zeros, TEM and RSTn have no length.
            if marker == 0x00 || marker == 0x01 || (0xD0...0xD7).contains(marker) { continue }
            // SOI, EOI and SOS end the search.
            if (0xD8...0xDA).contains(marker) { return nil }
            let end = position + bytes.bigEndian16(at: position)
            guard end >= position + 2, end <= bytes.count else { return nil }
            if marker == 0xE1, let found = orientation(exif: bytes.extracting((position + 2)..<end)) { return found }
            position = end
        }
    }

    /// Returns the orientation, or nil if this is not an Exif segment.
    ///
    /// XMP segments have the same marker.
    private static func orientation(exif: Span<UInt8>) -> ExifOrientation? {
        let identifier: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0]
        guard exif.count > 6, identifier.indices.allSatisfy({ exif[$0] == identifier[$0] }) else { return nil }
        return TIFFDirectory(exif.extracting(6..<exif.count)).flatMap { ExifOrientation(rawValue: $0.orientation) }
            ?? .upright
    }
}

/// Reads the orientation from the first directory of a TIFF file (TIFF 6.0, section 2), which is the format of Exif.
private struct TIFFDirectory {
    /// The value of tag 0x0112; 0 if the tag is missing or its value is not a single 16-bit number.
    private(set) var orientation = 0

    /// Returns nil if `bytes` do not begin with a TIFF header, or if the directory lies outside `bytes`.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= 8 else { return nil }
        let isLittleEndian = bytes[0] == 0x49
        guard bytes[0] == bytes[1], isLittleEndian || bytes[0] == 0x4D else { return nil }
        func number(at offset: Int, byteCount: Int) -> Int {
            (0..<byteCount).reduce(0) { value, index in
                value << 8 | Int(bytes[offset + (isLittleEndian ? byteCount - 1 - index : index)])
            }
        }
        guard number(at: 2, byteCount: 2) == 42 else { return nil }
        let start = number(at: 4, byteCount: 4)
        guard start >= 8, start + 2 <= bytes.count else { return nil }
        for index in 0..<number(at: start, byteCount: 2) {
            let entry = start + 2 + index * 12
            guard entry + 12 <= bytes.count else { return }
            guard number(at: entry, byteCount: 2) == 0x0112 else { continue }
            let isShort = number(at: entry + 2, byteCount: 2) == 3 && number(at: entry + 4, byteCount: 4) == 1
            if isShort { orientation = number(at: entry + 8, byteCount: 2) }
            return
        }
    }
}
