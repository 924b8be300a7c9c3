import CTurboJPEG
import MotionJPEG

/// Makes smaller JPEGs from JPEGs, such as a stream for a small screen.
///
/// Decodes at a fraction of the size, which is cheaper than a full decode, to planes of luma and chroma, and encodes
/// these planes as they are. No pixel is converted to RGB, and the picture keeps its chroma subsampling (4:4:4, 4:2:2,
/// 4:2:0, 4:4:0, 4:1:1 or grey). Pictures of any other subsampling, and those that store RGB, take a slower path
/// through RGB pixels and become 4:2:0, or 4:4:4 if they stored RGB in full.
///
/// The first Exif segment (APP1) is kept, because its orientation says how to show the picture. All other APPn and COM
/// segments are dropped: an ICC profile, XMP, and whatever a program stored about the pixels of the original.
///
/// Use it from one thread at a time.
public struct JPEGScaler: ~Copyable {
    /// A smaller picture.
    public struct Result: Sendable, Equatable {
        /// The JPEG.
        ///
        /// The scaler shares this memory and writes the next picture to it. If you still hold the result then, the
        /// scaler allocates other memory, and these bytes stay as they are.
        public var bytes: [UInt8]
        /// Pixels per line as the picture is shown.
        public var width: Int
        /// Lines as the picture is shown.
        public var height: Int
        /// What libjpeg reported about damaged data; what could not be decoded is grey.
        public var warning: String?

        /// Length of the JPEG.
        public var byteCount: Int { bytes.count }
    }

    /// 1 (smallest) to 100 (best).
    public var quality: Int {
        didSet { quality = min(max(quality, 1), 100) }
    }

    private let encoder: Codec
    private var planes: PlaneBuffer
    private var output: PlaneBuffer
    private var bytes: [UInt8]

    /// - Parameter quality: 1 (smallest) to 100 (best); other numbers are clamped.
    /// - Throws: If memory runs out.
    public init(quality: Int = 75) throws(TurboJPEGError) {
        encoder = try unsafe Codec(Self.operation, tjInitCompress)
        self.quality = min(max(quality, 1), 100)
        // Not in the declaration: a default value would be set before the throw, and the compiler (6.3) would then
        // destroy an uninitialised value.
        planes = PlaneBuffer()
        output = PlaneBuffer()
        bytes = []
    }

    /// The scale that `scale(_:toWidth:)` uses: the smallest of `JPEGDecoder.scales` that is wide enough.
    ///
    /// - Parameters:
    ///   - width: Pixels per line of the original.
    ///   - minimum: Pixels per line that are needed.
    /// - Returns: The scale, or nil if it does not make the picture narrower.
    public static func scale(width: Int, toWidth minimum: Int) -> JPEGDecoder.Scale? {
        let scale = JPEGDecoder.scales.last { $0(width) >= minimum }
        guard let scale, scale(width) < width else { return nil }
        return scale
    }

    /// Makes a smaller picture.
    ///
    /// The planes and the bytes are kept from picture to picture, so they are allocated only when a picture is larger
    /// than all before it. libjpeg-turbo allocates its tables for each picture.
    ///
    /// Widths are those of the picture as it is shown, after its Exif orientation.
    ///
    /// Damaged or truncated data is decoded as far as it goes, and the rest is grey. Pictures above 50 megapixels, or
    /// 17 megapixels if their data comes in several scans (progressive JPEGs), are refused.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables. Bytes behind its end are ignored.
    ///   - minimum: The fewest pixels per line that the smaller picture may have; 1 or less gives the smallest scale.
    /// - Returns: The smaller picture, or nil if no scale makes it smaller (use the original then).
    /// - Throws: If it is not a JPEG, is too damaged or too large, or is of a kind that cannot be scaled (lossless,
    ///   hierarchical, CMYK).
    public mutating func scale(_ jpeg: RawSpan, toWidth minimum: Int) throws(TurboJPEGError) -> Result? {
        let segments = try LeadingSegments(Span<UInt8>(_bytes: jpeg))
        // Each picture gets a decoder of its own, because a decoder keeps the tables of the picture before: one
        // without Huffman tables would be decoded by those instead of the standard ones.
        let decoder = try unsafe Codec(Self.operation, tjInitDecompress)
        return try unsafe jpeg.withUnsafeBytes { (source) throws(TurboJPEGError) -> Result? in
            let header = try unsafe ScalerHeader(decoder, source)
            try segments.checkLimits(Span<UInt8>(_bytes: jpeg), pixelCount: header.width * header.height)
            let isTurned = ExifOrientation(of: jpeg).swapsSides
            let shownWidth = isTurned ? header.height : header.width
            guard let scale = Self.scale(width: shownWidth, toWidth: minimum) else { return nil }
            let (width, height) = (scale(header.width), scale(header.height))
            let encoded: (byteCount: Int, warning: String?)
            if header.passesThrough {
                encoded = try unsafe scalePlanes(source, decoder, header.subsampling, width: width, height: height)
            } else {
                let subsampling = header.isFullRGB ? TJSAMP_444 : TJSAMP_420
                encoded = try unsafe scalePixels(
                    source, decoder, CInt(truncatingIfNeeded: subsampling.rawValue), width: width, height: height)
            }
            unsafe assemble(
                exif: UnsafeRawBufferPointer(rebasing: source[segments.exif]), byteCount: encoded.byteCount)
            return Result(
                bytes: bytes, width: isTurned ? height : width, height: isTurned ? width : height,
                warning: encoded.warning)
        }
    }

    /// The operation in error messages.
    static let operation = "scale a picture"

    /// Decodes to planes and encodes these into `output`.
    private mutating func scalePlanes(
        _ source: UnsafeRawBufferPointer, _ decoder: borrowing Codec, _ subsampling: CInt, width: Int, height: Int
    ) throws(TurboJPEGError) -> (byteCount: Int, warning: String?) {
        let layout = try ScaledPlanes(width: width, height: height, subsampling: subsampling)
        let base = unsafe planes.reserve(layout.byteCount)
        // The library may stop after a warning and still report no more than that, so that lines of the picture before
        // would be left.
        unsafe base.update(repeating: 128, count: layout.byteCount)
        var lines = unsafe layout.pointers(base)
        var strides = layout.strides
        let warning = try unsafe decoder.call(Self.operation) { handle in
            unsafe tjDecompressToYUVPlanes(
                handle, source.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(source.count), &lines,
                CInt(width), &strides, CInt(height), TJFLAG_LIMITSCANS)
        }
        unsafe layout.repeatLumaEdges(base)
        var inputs = unsafe lines.map { unsafe UnsafePointer($0) }
        let quality = CInt(quality)
        let byteCount = try unsafe encode(subsampling, width: width, height: height) { handle, target, size in
            unsafe tjCompressFromYUVPlanes(
                handle, &inputs, CInt(width), strides, CInt(height), subsampling, target, size, quality,
                TJFLAG_NOREALLOC)
        }
        return (byteCount, warning)
    }

    /// Decodes to RGB and encodes that into `output`.
    private mutating func scalePixels(
        _ source: UnsafeRawBufferPointer, _ decoder: borrowing Codec, _ subsampling: CInt, width: Int, height: Int
    ) throws(TurboJPEGError) -> (byteCount: Int, warning: String?) {
        let base = unsafe planes.reserve(width * height * 3)
        // As for planes, see above.
        unsafe base.update(repeating: 128, count: width * height * 3)
        let (bytesPerLine, format) = (CInt(width * 3), CInt(TJPF_RGB.rawValue))
        let warning = try unsafe decoder.call(Self.operation) { handle in
            unsafe tjDecompress2(
                handle, source.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(source.count), base,
                CInt(width), bytesPerLine, CInt(height), format, TJFLAG_LIMITSCANS)
        }
        let quality = CInt(quality)
        let byteCount = try unsafe encode(subsampling, width: width, height: height) { handle, target, size in
            unsafe tjCompress2(
                handle, base, CInt(width), bytesPerLine, CInt(height), format, target, size, subsampling, quality,
                TJFLAG_NOREALLOC)
        }
        return (byteCount, warning)
    }

    /// Calls the library's encoder with enough room in `output`, which it relies on, and returns the JPEG's length.
    private mutating func encode(
        _ subsampling: CInt, width: Int, height: Int,
        _ body: (tjhandle, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<UInt>) -> CInt
    ) throws(TurboJPEGError) -> Int {
        var size = tjBufSize(CInt(width), CInt(height), subsampling)
        var target: UnsafeMutablePointer<UInt8>? = unsafe output.reserve(Int(size))
        try unsafe encoder.call(Self.operation) { handle in unsafe body(handle, &target, &size) }
        return Int(size)
    }

    /// Copies the JPEG in `output` to `bytes`, with the Exif segment behind its JFIF header.
    private mutating func assemble(exif: UnsafeRawBufferPointer, byteCount: Int) {
        let jpeg = unsafe UnsafeBufferPointer(start: output.reserve(byteCount), count: byteCount)
        // libjpeg begins with SOI and an APP0 segment of 18 bytes (JFIF 1.02).
        let headerByteCount = min(20, byteCount)
        // Takes other memory of the same size if a result still holds this one.
        bytes.removeAll(keepingCapacity: true)
        unsafe bytes.append(contentsOf: jpeg[..<headerByteCount])
        unsafe bytes.append(contentsOf: exif)
        unsafe bytes.append(contentsOf: jpeg[headerByteCount...])
    }
}

/// The header of a JPEG that is to be scaled; its subsampling may be unknown.
private struct ScalerHeader {
    let width: Int
    let height: Int
    /// One of TJSAMP, or -1.
    let subsampling: CInt
    /// One of TJCS, or -1.
    private let colorSpace: CInt

    /// Reads the header with a decoder that has not seen another picture.
    init(_ decoder: borrowing Codec, _ jpeg: UnsafeRawBufferPointer) throws(TurboJPEGError) {
        let header = try unsafe JPEGHeader(
            decoder, JPEGScaler.operation, jpeg.baseAddress?.assumingMemoryBound(to: UInt8.self), jpeg.count,
            allowsUnknownSubsampling: true)
        width = Int(header.width)
        height = Int(header.height)
        subsampling = header.subsampling
        colorSpace = header.colorSpace
    }

    /// Whether its planes can be encoded as they are.
    var passesThrough: Bool {
        let isLumaFirst = colorSpace == CInt(TJCS_YCbCr.rawValue) || colorSpace == CInt(TJCS_GRAY.rawValue)
        // The raw values are unsigned in 2.1 and signed in 3.0, which has TJSAMP_UNKNOWN.
        let known = [TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_GRAY, TJSAMP_440, TJSAMP_411]
        // Below that width the library (2.1 and 3.1) reads a byte behind its buffer at 4:1:1.
        return isLumaFirst && width >= 16 && known.contains { CInt(truncatingIfNeeded: $0.rawValue) == subsampling }
    }

    /// Whether it stores red, green and blue of each pixel.
    var isFullRGB: Bool {
        colorSpace == CInt(TJCS_RGB.rawValue) && subsampling == CInt(truncatingIfNeeded: TJSAMP_444.rawValue)
    }
}

/// How the planes of a scaled picture lie one behind the other, without padding behind the lines.
///
/// The luma plane has as many columns and lines as whole chroma samples cover (turbojpeg.h, "YUV Image Format Notes").
private struct ScaledPlanes {
    let width: Int
    let height: Int
    private let luma: (width: Int, height: Int)
    /// 0 for grey.
    private let chroma: (width: Int, height: Int)

    init(width: Int, height: Int, subsampling: CInt) throws(TurboJPEGError) {
        func size(_ component: CInt) -> (width: Int, height: Int) {
            (
                Int(tjPlaneWidth(component, CInt(width), subsampling)),
                Int(tjPlaneHeight(component, CInt(height), subsampling))
            )
        }
        self.width = width
        self.height = height
        luma = size(0)
        chroma = subsampling == CInt(truncatingIfNeeded: TJSAMP_GRAY.rawValue) ? (0, 0) : size(1)
        guard luma.width >= width, luma.height >= height, chroma.width >= 0, chroma.height >= 0 else {
            throw TurboJPEGError(JPEGScaler.operation, "libturbojpeg has no planes for \(width)x\(height)")
        }
    }

    var byteCount: Int { luma.width * luma.height + 2 * chroma.width * chroma.height }

    var strides: [CInt] { [CInt(luma.width), CInt(chroma.width), CInt(chroma.width)] }

    /// Where luma, Cb and Cr begin in `byteCount` bytes at `base`; the last two are nil for grey.
    func pointers(_ base: UnsafeMutablePointer<UInt8>) -> [UnsafeMutablePointer<UInt8>?] {
        guard chroma.width > 0 else { return unsafe [base, nil, nil] }
        let blue = unsafe base + luma.width * luma.height
        return unsafe [base, blue, blue + chroma.width * chroma.height]
    }

    /// Fills the columns and lines behind the picture.
    ///
    /// The library leaves in them whatever its memory held, which must not get into the JPEG.
    func repeatLumaEdges(_ base: UnsafeMutablePointer<UInt8>) {
        if luma.width > width {
            for line in 0..<height {
                let edge = unsafe base + line * luma.width + width
                unsafe edge.update(repeating: edge[-1], count: luma.width - width)
            }
        }
        for line in height..<luma.height {
            unsafe (base + line * luma.width).update(from: base + (height - 1) * luma.width, count: luma.width)
        }
    }
}
