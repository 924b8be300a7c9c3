import CTurboJPEG

/// Decodes JPEGs to pixels, smaller ones if that is enough.
///
/// Not to be used by two threads at once.
public struct JPEGDecoder: ~Copyable {
    /// What to decode to.
    public enum Format: Sendable, CaseIterable {
        /// Three bytes a pixel: red, green, blue.
        case rgb24
        /// Three bytes a pixel: blue, green, red.
        case bgr24
        /// One byte a pixel: luma, which costs less than colour.
        case grey

        /// Bytes of one pixel.
        public var bytesPerPixel: Int { self == .grey ? 1 : 3 }

        fileprivate var code: CInt {
            switch self {
            case .rgb24: CInt(TJPF_RGB.rawValue)
            case .bgr24: CInt(TJPF_BGR.rawValue)
            case .grey: CInt(TJPF_GRAY.rawValue)
            }
        }
    }

    /// A fraction of the size that the decoder can make at little cost.
    public struct Scale: Sendable, Hashable {
        public let numerator: Int
        public let denominator: Int

        /// The picture's own size.
        public static let full = Scale(numerator: 1, denominator: 1)
        public static let half = Scale(numerator: 1, denominator: 2)
        public static let quarter = Scale(numerator: 1, denominator: 4)
        public static let eighth = Scale(numerator: 1, denominator: 8)

        fileprivate init(numerator: Int, denominator: Int) {
            self.numerator = numerator
            self.denominator = denominator
        }

        /// How long a side becomes, rounded up (TJSCALED).
        public func callAsFunction(_ length: Int) -> Int { (length * numerator + denominator - 1) / denominator }
    }

    /// A decoded picture: lines of `width` pixels without padding.
    public struct Picture: Sendable {
        public var width: Int
        public var height: Int
        public var format: Format
        public var pixels: [UInt8]
        /// What libjpeg complained of in damaged data that it decoded as far as it went.
        public var warning: String?
    }

    private let codec: Codec

    /// - Throws: When there is no memory.
    public init() throws(TurboJPEGError) {
        codec = try unsafe Codec("start the decoder", tjInitDecompress)
    }

    /// The scales that libturbojpeg knows, largest first.
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

    /// Pixels per line and lines of a JPEG, from its header.
    public borrowing func size(of jpeg: RawSpan) throws(TurboJPEGError) -> (width: Int, height: Int) {
        try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) in
            let source = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = try unsafe JPEGHeader(codec, "read a header", source, bytes.count)
            return (Int(header.width), Int(header.height))
        }
    }

    /// Decodes one picture.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - format: What to decode to.
    ///   - scale: One of `scales`.
    /// - Returns: The pixels, and a warning if the data was damaged.
    /// - Throws: The library's error for what is no JPEG, or too broken.
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
    ///   - jpeg: The picture.
    ///   - format: What to decode to.
    ///   - width: The width to decode to: the picture's own by one of `scales`.
    ///   - height: The height to decode to, by the same scale.
    ///   - bytesPerLine: From one line to the next in `output`.
    ///   - output: At least `bytesPerLine * height` bytes.
    /// - Returns: A warning if the data was damaged.
    /// - Throws: When `output` is too small or the size fits no scale, or the library's own error.
    public borrowing func decode(
        _ jpeg: RawSpan, to format: Format, width: Int, height: Int, bytesPerLine: Int,
        into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> String? {
        let operation = "decode to \(width)x\(height)"
        let size = try size(of: jpeg)
        guard Self.scales.contains(where: { $0(size.width) == width && $0(size.height) == height }) else {
            throw TurboJPEGError(operation, "no scale makes that of \(size.width)x\(size.height)")
        }
        guard bytesPerLine >= width * format.bytesPerPixel, bytesPerLine <= JPEGEncoder.maximumBytesPerLine,
            output.byteCount >= bytesPerLine * height
        else {
            throw TurboJPEGError(operation, "the memory for the pixels is too small")
        }
        return try unsafe jpeg.withUnsafeBytes { (source) throws(TurboJPEGError) -> String? in
            try unsafe output.withUnsafeMutableBytes { (target) throws(TurboJPEGError) -> String? in
                try unsafe codec.call(operation) { handle in
                    unsafe tjDecompress2(
                        handle, source.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(source.count),
                        target.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(width), CInt(bytesPerLine),
                        CInt(height), format.code, 0)
                }
            }
        }
    }
}
