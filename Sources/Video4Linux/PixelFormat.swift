import CVideo4Linux

/// A pixel format, which V4L2 identifies by a four-character code.
public struct PixelFormat: Hashable, Sendable, CustomStringConvertible {
    /// The code, which is a constant `V4L2_PIX_FMT_…` of linux/videodev2.h.
    public let code: UInt32

    public init(code: UInt32) {
        self.code = code
    }

    public static let mjpeg = PixelFormat(code: v4l2_format_mjpeg)
    /// JPEGs that include all their tables.
    ///
    /// This format is treated like `mjpeg`.
    public static let jpeg = PixelFormat(code: v4l2_format_jpeg)
    /// 4:2:2 in which two pixels are stored as Y, U, Y, V.
    public static let yuyv = PixelFormat(code: v4l2_format_yuyv)
    /// 4:2:2 in which two pixels are stored as U, Y, V, Y.
    public static let uyvy = PixelFormat(code: v4l2_format_uyvy)
    /// 4:2:0 with a plane of Y, followed by a plane of alternating U and V.
    public static let nv12 = PixelFormat(code: v4l2_format_nv12)
    /// 4:2:0 with the planes Y, U and V.
    public static let yu12 = PixelFormat(code: v4l2_format_yu12)
    public static let rgb24 = PixelFormat(code: v4l2_format_rgb24)
    public static let bgr24 = PixelFormat(code: v4l2_format_bgr24)
    /// Only luma, with 8 bits per pixel.
    public static let grey = PixelFormat(code: v4l2_format_grey)

    /// The formats that need no conversion, in the order in which `--format auto` prefers them.
    public static let preferred: [PixelFormat] = [
        .mjpeg, .jpeg, .yuyv, .uyvy, .nv12, .yu12, .rgb24, .bgr24, .grey,
    ]

    private static let names: [(PixelFormat, String)] = [
        (.mjpeg, "mjpeg"), (.jpeg, "jpeg"), (.yuyv, "yuyv"), (.uyvy, "uyvy"), (.nv12, "nv12"), (.yu12, "yu12"),
        (.rgb24, "rgb24"), (.bgr24, "bgr24"), (.grey, "grey"),
    ]

    /// Parses a common name such as `mjpeg` (in any case), or a four-character code such as `MJPG` or `pRAA`.
    public init?(name: some StringProtocol) {
        let wanted = name.lowercased()
        if let known = Self.names.first(where: { $0.1 == wanted || $0.0.characters.lowercased() == wanted }) {
            self = known.0
            return
        }
        let bytes = Array(name.utf8)
        guard (3...4).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        code = (bytes + [0x20]).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The name to pass to `--format`: the common name or, if there is none, the four-character code.
    public var name: String { Self.names.first { $0.0 == self }?.1 ?? characters }

    /// The four-character code as text, such as `MJPG`.
    ///
    /// For big-endian formats, whose codes have bit 31 set, the text ends in `-BE`.
    public var characters: String {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: code >> ($0 * 8)) }
        var text = ""
        for byte in bytes {
            let character = byte & 0x7f
            text.unicodeScalars.append(Unicode.Scalar((0x20...0x7e).contains(character) ? character : 0x3f))
        }
        while text.last == " " { text.removeLast() }
        return code & 0x8000_0000 == 0 ? text : text + "-BE"
    }

    public var description: String { name }

    /// Whether each picture of this format is a JPEG, which need not be encoded.
    public var isJPEG: Bool { self == .mjpeg || self == .jpeg }

    /// Whether pictures of this format are used directly, without a `FormatConverter`.
    public var isDirect: Bool { Self.preferred.contains(self) }

    /// Whether samples of this format have full range (0 to 255) unless the driver says otherwise.
    var isFullRangeByDefault: Bool {
        isJPEG || self == .rgb24 || self == .bgr24 || isGreyscale || Repacking(self)?.target == .rgb24
    }

    /// Whether pictures of this format have no colour.
    var isGreyscale: Bool { self == .grey || Repacking(self)?.target == .grey }

    /// Returns the size in bytes of a whole picture, or nil if the format is compressed.
    ///
    /// `bytesPerLine` is the number of bytes from one line of the first plane to the next.
    public func byteCount(bytesPerLine: Int, height: Int) -> Int? {
        switch self {
        case .yuyv, .uyvy, .rgb24, .bgr24, .grey: return bytesPerLine * height
        // If `bytesPerLine` or `height` is odd, half of it is rounded up for chroma (v4l2_fill_pixfmt of the kernel).
        case .nv12: return bytesPerLine * height + (bytesPerLine + 1) / 2 * 2 * ((height + 1) / 2)
        case .yu12: return bytesPerLine * height + 2 * ((bytesPerLine + 1) / 2) * ((height + 1) / 2)
        default:
            if let repacking = Repacking(self) {
                return repacking.byteCount(bytesPerLine: bytesPerLine, height: height)
            }
            return BayerLayout(self).map { _ in bytesPerLine * height }
        }
    }

    /// Returns the minimum length in bytes of a line of the first plane, or `width` if the format is compressed.
    func bytesPerLine(width: Int) -> Int {
        switch self {
        case .yuyv, .uyvy: return (width + 1) / 2 * 4
        case .rgb24, .bgr24: return width * 3
        default:
            return Repacking(self)?.bytesPerLine(width: width) ?? BayerLayout(self)?.bytesPerLine(width: width) ?? width
        }
    }
}
