import CTurboJPEG
import MotionJPEG

/// Decodes JPEGs to pixels, in their full size or in a fraction of it.
///
/// The pixels are turned according to the picture's Exif orientation, as in browsers. All sizes refer to the turned
/// picture.
///
/// A decoder must be used by one thread at a time.
public struct JPEGDecoder: ~Copyable {
    /// The format of the decoded pixels.
    public enum Format: Sendable, CaseIterable {
        /// A pixel has three bytes: red, green, blue.
        case rgb24
        /// A pixel has three bytes: blue, green, red.
        case bgr24
        /// A pixel has one byte, which is its luma. Decoding only luma takes less time than decoding colours.
        case grey

        /// The number of bytes per pixel.
        public var bytesPerPixel: Int { self == .grey ? 1 : 3 }

        fileprivate var code: CInt {
            switch self {
            case .rgb24: CInt(TJPF_RGB.rawValue)
            case .bgr24: CInt(TJPF_BGR.rawValue)
            case .grey: CInt(TJPF_GRAY.rawValue)
            }
        }
    }

    /// A fraction of the full size.
    ///
    /// Decoding to a fraction takes less time than decoding to the full size.
    public struct Scale: Sendable, Hashable {
        public let numerator: Int
        public let denominator: Int

        /// The full size.
        public static let full = Scale(numerator: 1, denominator: 1)
        public static let half = Scale(numerator: 1, denominator: 2)
        public static let quarter = Scale(numerator: 1, denominator: 4)
        public static let eighth = Scale(numerator: 1, denominator: 8)

        fileprivate init(numerator: Int, denominator: Int) {
            self.numerator = numerator
            self.denominator = denominator
        }

        /// Returns the width or height `length` times this scale, rounded up (TJSCALED of libturbojpeg).
        public func callAsFunction(_ length: Int) -> Int { (length * numerator + denominator - 1) / denominator }
    }

    /// A decoded picture.
    ///
    /// Its lines have no padding.
    public struct Picture: Sendable {
        public var width: Int
        public var height: Int
        public var format: Format
        public var pixels: [UInt8]
        /// The library's warning if the data was damaged and could only partly be decoded; otherwise nil.
        public var warning: String?
    }

    /// Creates a decoder.
    ///
    /// - Throws: If there is not enough memory.
    public init() throws(TurboJPEGError) {
        // Each picture is decoded with a new handle. This one is created only to report a lack of memory early.
        _ = try unsafe Codec("start the decoder", tjInitDecompress)
    }

    /// The scales that libturbojpeg supports, in descending order.
    public static let scales: [Scale] = {
        var count: CInt = 0
        guard let factors = unsafe tjGetScalingFactors(&count) else { return [.full] }
        return (0..<Int(count))
            .map { index in
                let factor = unsafe factors[index]
                return Scale(numerator: Int(factor.num), denominator: Int(factor.denom))
            }
            .sorted { $0.numerator * $1.denominator > $1.numerator * $0.denominator }
    }()

    /// Reads the width and height of a JPEG from its header.
    public borrowing func size(of jpeg: RawSpan) throws(TurboJPEGError) -> (width: Int, height: Int) {
        let header = try Source(jpeg, "read a header")
        return (header.width, header.height)
    }

    /// Decodes one picture.
    ///
    /// - Parameters:
    ///   - jpeg: The picture, which may lack Huffman tables.
    ///   - format: The format of the pixels.
    ///   - scale: One of `scales`.
    /// - Returns: The turned and scaled picture, and a warning if the data was damaged.
    /// - Throws: The error of libturbojpeg if the data is not a JPEG or is too damaged.
    public borrowing func decode(
        _ jpeg: RawSpan, to format: Format = .rgb24, scale: Scale = .full
    ) throws(TurboJPEGError) -> Picture {
        let size = try size(of: jpeg)
        let width = scale(size.width)
        let height = scale(size.height)
        var pixels = [UInt8](repeating: 0, count: width * height * format.bytesPerPixel)
        var span = pixels.mutableSpan
        var output = unsafe span.mutableBytes
        let warning = try decode(
            jpeg, to: format, width: width, height: height, bytesPerLine: width * format.bytesPerPixel, into: &output)
        return Picture(width: width, height: height, format: format, pixels: pixels, warning: warning)
    }

    /// Decodes one picture into the caller's memory.
    ///
    /// - Parameters:
    ///   - jpeg: The picture, which may lack Huffman tables.
    ///   - format: The format of the pixels.
    ///   - width: The width of the result, which must be the picture's width times one of `scales`.
    ///   - height: The height of the result, which must be the picture's height times the same scale.
    ///   - bytesPerLine: The number of bytes from one line to the next in `output`.
    ///   - output: The destination, which must have at least `bytesPerLine * height` bytes. Parts of the picture that
    ///     cannot be decoded become grey.
    /// - Returns: A warning if the data was damaged, and nil otherwise.
    /// - Throws: If `output` is too small, if the size matches no scale, or if libturbojpeg fails.
    public borrowing func decode(
        _ jpeg: RawSpan, to format: Format, width: Int, height: Int, bytesPerLine: Int,
        into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> String? {
        let operation = "decode to \(width)x\(height)"
        let source = try Source(jpeg, operation)
        guard Self.scales.contains(where: { $0(source.width) == width && $0(source.height) == height }) else {
            throw TurboJPEGError(operation, "no supported scale turns \(source.width)x\(source.height) into that size")
        }
        guard bytesPerLine >= width * format.bytesPerPixel, bytesPerLine <= JPEGEncoder.maximumBytesPerLine,
            output.byteCount >= bytesPerLine * height
        else {
            throw TurboJPEGError(operation, "the memory for the pixels is too small")
        }
        guard source.turn != .none else {
            return try source.decode(
                jpeg, to: format, width: width, height: height, bytesPerLine: bytesPerLine, operation, into: &output)
        }
        let stored = source.turn.swapsSides ? (width: height, height: width) : (width: width, height: height)
        var pixels = [UInt8](repeating: 0, count: width * height * format.bytesPerPixel)
        var span = pixels.mutableSpan
        var bytes = unsafe span.mutableBytes
        let warning = try source.decode(
            jpeg, to: format, width: stored.width, height: stored.height,
            bytesPerLine: stored.width * format.bytesPerPixel, operation, into: &bytes)
        let turn = PixelTurn(
            turn: source.turn, width: stored.width, height: stored.height, bytesPerPixel: format.bytesPerPixel)
        unsafe output.withUnsafeMutableBytes { target in
            let buffer = unsafe UnsafeMutableBufferPointer(
                start: target.baseAddress?.assumingMemoryBound(to: UInt8.self), count: target.count)
            var shown = unsafe MutableSpan(_unsafeElements: buffer)
            turn.copy(pixels.span, into: &shown, bytesPerLine: bytesPerLine)
        }
        return warning
    }
}

/// A JPEG whose header has been read, and the libturbojpeg handle that decodes it.
///
/// Each picture is decoded with a new handle, because a handle keeps the tables of the previous picture. A picture
/// without Huffman tables would be decoded with these old tables instead of the standard tables.
private struct Source: ~Copyable {
    /// The width after `turn` has been applied.
    let width: Int
    /// The height after `turn` has been applied.
    let height: Int
    /// The rotation or mirroring that makes the stored picture upright.
    let turn: Turn
    private let codec: Codec

    init(_ jpeg: RawSpan, _ operation: String) throws(TurboJPEGError) {
        let codec = try unsafe Codec(operation, tjInitDecompress)
        let header = try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) in
            try unsafe JPEGHeader(
                codec, operation, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                allowsUnknownSubsampling: true)
        }
        let turn = Turn(ExifOrientation(of: jpeg))
        width = Int(turn.swapsSides ? header.height : header.width)
        height = Int(turn.swapsSides ? header.width : header.height)
        self.turn = turn
        self.codec = codec
    }

    /// Decodes the picture without turning it.
    ///
    /// `width` and `height` are the scaled size of the stored picture.
    func decode(
        _ jpeg: RawSpan, to format: JPEGDecoder.Format, width: Int, height: Int, bytesPerLine: Int,
        _ operation: String, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> String? {
        try unsafe jpeg.withUnsafeBytes { (source) throws(TurboJPEGError) -> String? in
            try unsafe output.withUnsafeMutableBytes { (target) throws(TurboJPEGError) -> String? in
                // The library may stop after a warning without reporting an error. The output is therefore filled with
                // grey first, so that no pixels of a previous picture remain in it.
                for line in 0..<height {
                    let start = line * bytesPerLine
                    unsafe UnsafeMutableRawBufferPointer(
                        rebasing: target[start..<(start + width * format.bytesPerPixel)]
                    ).initializeMemory(as: UInt8.self, repeating: 128)
                }
                return try unsafe codec.call(operation) { handle in
                    unsafe tjDecompress2(
                        handle, source.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(source.count),
                        target.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(width), CInt(bytesPerLine),
                        CInt(height), format.code, 0)
                }
            }
        }
    }
}
