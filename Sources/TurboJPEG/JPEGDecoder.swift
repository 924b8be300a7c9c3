import CTurboJPEG
import MotionJPEG

/// Decodes JPEGs to pixels, at a fraction of the size if that is enough.
///
/// Sizes and pixels are those of the picture as it is shown: its Exif orientation is obeyed, as browsers do.
///
/// Use it from one thread at a time.
public struct JPEGDecoder: ~Copyable {
    /// The format of the decoded pixels.
    public enum Format: Sendable, CaseIterable {
        /// Three bytes a pixel: red, green, blue.
        case rgb24
        /// Three bytes a pixel: blue, green, red.
        case bgr24
        /// One byte a pixel: luma, which is cheaper than colour.
        case grey

        /// Bytes per pixel.
        public var bytesPerPixel: Int { self == .grey ? 1 : 3 }

        fileprivate var code: CInt {
            switch self {
            case .rgb24: CInt(TJPF_RGB.rawValue)
            case .bgr24: CInt(TJPF_BGR.rawValue)
            case .grey: CInt(TJPF_GRAY.rawValue)
            }
        }
    }

    /// A fraction of the size to which the decoder can decode cheaply.
    public struct Scale: Sendable, Hashable {
        public let numerator: Int
        public let denominator: Int

        /// The picture's full size.
        public static let full = Scale(numerator: 1, denominator: 1)
        public static let half = Scale(numerator: 1, denominator: 2)
        public static let quarter = Scale(numerator: 1, denominator: 4)
        public static let eighth = Scale(numerator: 1, denominator: 8)

        fileprivate init(numerator: Int, denominator: Int) {
            self.numerator = numerator
            self.denominator = denominator
        }

        /// The scaled length of a side, rounded up (TJSCALED).
        public func callAsFunction(_ length: Int) -> Int { (length * numerator + denominator - 1) / denominator }
    }

    /// A decoded picture: lines of `width` pixels without padding.
    public struct Picture: Sendable {
        public var width: Int
        public var height: Int
        public var format: Format
        public var pixels: [UInt8]
        /// What libjpeg reported about damaged data, which it decoded as far as possible.
        public var warning: String?
    }

    /// - Throws: If memory runs out.
    public init() throws(TurboJPEGError) {
        // Reports here already that there is no memory, although each picture gets a handle of its own.
        _ = try unsafe Codec("start the decoder", tjInitDecompress)
    }

    /// The scales that libturbojpeg supports, largest first.
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

    /// The width and height of a JPEG as it is shown, from its header.
    public borrowing func size(of jpeg: RawSpan) throws(TurboJPEGError) -> (width: Int, height: Int) {
        let header = try Source(jpeg, "read a header")
        return (header.width, header.height)
    }

    /// Decodes one picture.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - format: The format of the pixels.
    ///   - scale: One of `scales`.
    /// - Returns: The pixels as the picture is shown, and a warning if the data was damaged.
    /// - Throws: The library's error if the data is not a JPEG, or too damaged.
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
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - format: The format of the pixels.
    ///   - width: The decoded width: the picture's own as it is shown, scaled by one of `scales`.
    ///   - height: The decoded height, by the same scale.
    ///   - bytesPerLine: From one line to the next in `output`.
    ///   - output: At least `bytesPerLine * height` bytes; parts that cannot be decoded become grey.
    /// - Returns: A warning if the data was damaged.
    /// - Throws: If `output` is too small or the size matches no scale, or the library's error.
    public borrowing func decode(
        _ jpeg: RawSpan, to format: Format, width: Int, height: Int, bytesPerLine: Int,
        into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> String? {
        let operation = "decode to \(width)x\(height)"
        let source = try Source(jpeg, operation)
        guard Self.scales.contains(where: { $0(source.width) == width && $0(source.height) == height }) else {
            throw TurboJPEGError(operation, "no scale makes that of \(source.width)x\(source.height)")
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

/// A JPEG whose header has been read, and the handle that decodes it.
///
/// Each picture gets a handle of its own, because a handle keeps the tables of the picture before: one without Huffman
/// tables would be decoded by those instead of the standard ones.
private struct Source: ~Copyable {
    /// As the picture is shown.
    let width: Int
    let height: Int
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

    /// Decodes to the stored picture's pixels, scaled to `width` × `height`.
    func decode(
        _ jpeg: RawSpan, to format: JPEGDecoder.Format, width: Int, height: Int, bytesPerLine: Int,
        _ operation: String, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> String? {
        try unsafe jpeg.withUnsafeBytes { (source) throws(TurboJPEGError) -> String? in
            try unsafe output.withUnsafeMutableBytes { (target) throws(TurboJPEGError) -> String? in
                // The library may stop after a warning and report no more than that: then pixels of the picture before
                // would be left.
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
