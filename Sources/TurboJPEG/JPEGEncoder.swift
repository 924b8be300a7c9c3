import CTurboJPEG

/// Encodes uncompressed pictures as JPEGs.
///
/// For each picture, the encoder reuses the memory that holds its tables and planes.
///
/// An encoder must be used by one thread at a time.
public struct JPEGEncoder: ~Copyable {
    /// The JPEG quality, from 1 (smallest files) to 100 (best pictures).
    public var quality: Int {
        didSet { quality = min(max(quality, 1), 100) }
    }

    /// The chroma subsampling of the JPEGs.
    ///
    /// Pictures whose layout is 4:2:0 are always encoded as 4:2:0.
    public let subsampling: Subsampling

    private let codec: Codec
    private var planes: PlaneBuffer

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - quality: The JPEG quality, from 1 (smallest files) to 100 (best pictures). Other numbers are clamped.
    ///   - subsampling: How much chroma to keep.
    /// - Throws: If there is not enough memory.
    public init(quality: Int = 80, subsampling: Subsampling = .s420) throws(TurboJPEGError) {
        codec = try unsafe Codec("start the encoder", tjInitCompress)
        self.quality = min(max(quality, 1), 100)
        self.subsampling = subsampling
        // The property has no default value, because Swift would set it before the call that may throw. If this call
        // throws, Swift 6.3 would then destroy an uninitialized value.
        planes = PlaneBuffer()
    }

    /// Returns the maximum size of a JPEG with the given dimensions.
    ///
    /// - Parameters:
    ///   - width: The number of pixels per line.
    ///   - height: The number of lines.
    ///   - subsampling: How much chroma is kept.
    /// - Returns: The size in bytes, or 0 if a JPEG cannot have these dimensions.
    public static func bound(width: Int, height: Int, subsampling: Subsampling = .s420) -> Int {
        guard size.contains(width), size.contains(height) else { return 0 }
        // If the subsampling is 4:2:2, layouts with less chroma are still encoded as 4:2:0, whose blocks are larger.
        let codes = [Subsampling.s420.code, subsampling.code]
        return codes.map { Int(tjBufSize(CInt(width), CInt(height), $0)) }.max() ?? 0
    }

    /// The widths and heights that libjpeg accepts (JPEG_MAX_DIMENSION).
    static let size = 1...65500

    /// The maximum number of bytes per line, which no real picture exceeds.
    ///
    /// The product of this number and a height cannot overflow.
    static let maximumBytesPerLine = 1 << 24

    /// Encodes one picture directly into the caller's memory.
    ///
    /// - Parameters:
    ///   - pixels: The picture. The padding of its last line may be missing.
    ///   - layout: The memory layout of the pixels.
    ///   - width: The number of pixels per line, from 1 to 65500; even or odd.
    ///   - height: The number of lines, from 1 to 65500; even or odd.
    ///   - bytesPerLine: The number of bytes from one line of the luma plane to the next.
    ///   - range: The range of Y'CbCr samples. JPEGs have full range, so limited range is expanded, which takes about
    ///     0.1 ms at 1280x720. RGB always has full range.
    ///   - encoding: How Y'CbCr samples were computed. JPEGs use `bt601`, so other encodings are converted.
    ///   - output: The destination, which must have at least `bound(width:height:subsampling:)` bytes, because
    ///     libturbojpeg relies on this.
    /// - Returns: The size of the JPEG in bytes.
    /// - Throws: If the arguments do not match, or if libturbojpeg fails.
    public mutating func encode(
        _ pixels: RawSpan, layout: PixelLayout, width: Int, height: Int, bytesPerLine: Int,
        range: ColorRange = .limited, encoding: ColorEncoding = .bt601, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Int {
        let operation = "encode \(width)x\(height) \(layout)"
        guard Self.size.contains(width), Self.size.contains(height) else {
            throw TurboJPEGError(operation, "the size is not between 1x1 and 65500x65500")
        }
        guard bytesPerLine >= layout.minimumBytesPerLine(width: width), bytesPerLine <= Self.maximumBytesPerLine else {
            throw TurboJPEGError(operation, "a line cannot have \(bytesPerLine) bytes")
        }
        let needed = layout.minimumByteCount(width: width, height: height, bytesPerLine: bytesPerLine)
        guard pixels.byteCount >= needed else {
            throw TurboJPEGError(operation, "the picture has \(pixels.byteCount) bytes instead of \(needed)")
        }
        let source = PictureSource(
            layout: layout, width: width, height: height, bytesPerLine: bytesPerLine, range: range,
            conversion: ColorConversion(from: encoding), keepsAllLines: subsampling == .s422)
        return try unsafe pixels.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> Int in
            let base = unsafe bytes.baseAddress.unsafelyUnwrapped
            switch layout {
            case .rgb24, .bgr24:
                return try unsafe encodePacked(base, source, operation, into: &output)
            case .yuyv, .uyvy, .nv12, .i420, .grey:
                let split = unsafe source.split(base, into: &planes)
                return try encode(
                    split, source.subsamplingCode, width: width, height: height, operation, into: &output)
            }
        }
    }

    /// Encodes a picture that already consists of full-range 4:2:0 planes without padding, such as a drawing.
    ///
    /// - Parameters:
    ///   - luma: The luma plane, which has `width` × `height` samples.
    ///   - blueDifference: The Cb plane, which has half as many columns and lines as luma, rounded up.
    ///   - redDifference: The Cr plane, which has as many samples as Cb.
    ///   - width: The number of pixels per line.
    ///   - height: The number of lines.
    ///   - output: The destination, which must have at least `bound(width:height:)` bytes.
    /// - Returns: The size of the JPEG in bytes.
    /// - Throws: If the arguments do not match, or if libturbojpeg fails.
    public mutating func encode(
        luma: Span<UInt8>, blueDifference: Span<UInt8>, redDifference: Span<UInt8>, width: Int, height: Int,
        into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Int {
        let operation = "encode \(width)x\(height) planes"
        guard Self.size.contains(width), Self.size.contains(height) else {
            throw TurboJPEGError(operation, "the size is not between 1x1 and 65500x65500")
        }
        let chromaCount = (width + 1) / 2 * ((height + 1) / 2)
        guard luma.count >= width * height, blueDifference.count >= chromaCount, redDifference.count >= chromaCount
        else { throw TurboJPEGError(operation, "a plane is too small") }
        let source = PictureSource(layout: .i420, width: width, height: height, bytesPerLine: width, range: .full)
        return try unsafe luma.withUnsafeBufferPointer { (luma) throws(TurboJPEGError) -> Int in
            try unsafe blueDifference.withUnsafeBufferPointer { (blue) throws(TurboJPEGError) -> Int in
                try unsafe redDifference.withUnsafeBufferPointer { (red) throws(TurboJPEGError) -> Int in
                    let given = unsafe Planes(
                        luma: luma.baseAddress.unsafelyUnwrapped, blueDifference: blue.baseAddress,
                        redDifference: red.baseAddress, lumaStride: width, chromaStride: (width + 1) / 2)
                    let fitting = unsafe source.fit(given, into: &planes)
                    return try encode(
                        fitting, source.subsamplingCode, width: width, height: height, operation, into: &output)
                }
            }
        }
    }

    private borrowing func encode(
        _ planes: Planes, _ subsampling: CInt, width: Int, height: Int, _ operation: String,
        into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Int {
        try unsafe write(operation, subsampling, width: width, height: height, into: &output) { handle, target, size in
            var pointers = unsafe [Optional(planes.luma), planes.blueDifference, planes.redDifference]
            let strides = [CInt(planes.lumaStride), CInt(planes.chromaStride), CInt(planes.chromaStride)]
            return unsafe tjCompressFromYUVPlanes(
                handle, &pointers, CInt(width), strides, CInt(height), subsampling, target, size, CInt(quality),
                TJFLAG_NOREALLOC)
        }
    }

    private borrowing func encodePacked(
        _ pixels: UnsafeRawPointer, _ source: PictureSource, _ operation: String, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Int {
        let format = source.layout == .rgb24 ? TJPF_RGB : TJPF_BGR
        let code = subsampling.code
        return try unsafe write(operation, code, width: source.width, height: source.height, into: &output) {
            handle, target, size in
            unsafe tjCompress2(
                handle, pixels.assumingMemoryBound(to: UInt8.self), CInt(source.width), CInt(source.bytesPerLine),
                CInt(source.height), CInt(format.rawValue), target, size, code, CInt(quality), TJFLAG_NOREALLOC)
        }
    }

    private borrowing func write(
        _ operation: String, _ subsampling: CInt, width: Int, height: Int, into output: inout MutableRawSpan,
        _ body: (tjhandle, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<UInt>) -> CInt
    ) throws(TurboJPEGError) -> Int {
        let bound = tjBufSize(CInt(width), CInt(height), subsampling)
        guard output.byteCount >= Int(bound) else {
            throw TurboJPEGError(operation, "there is room for \(output.byteCount) bytes, but \(bound) may be needed")
        }
        var size = bound
        try unsafe output.withUnsafeMutableBytes { (bytes) throws(TurboJPEGError) in
            var target = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            try unsafe codec.call(operation) { handle in unsafe body(handle, &target, &size) }
        }
        return Int(size)
    }
}

extension Subsampling {
    var code: CInt {
        switch self {
        case .s420: CInt(truncatingIfNeeded: TJSAMP_420.rawValue)
        case .s422: CInt(truncatingIfNeeded: TJSAMP_422.rawValue)
        }
    }
}
