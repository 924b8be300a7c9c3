import CTurboJPEG
import MotionJPEG

/// Makes smaller JPEGs from JPEGs, for example for small screens.
///
/// A picture is decoded to a fraction of its size, which takes less time than decoding to the full size. It is decoded
/// to planes of luma and chroma, which are encoded again. No pixel is converted to RGB, and the picture keeps its
/// chroma subsampling (4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1 or grey). Pictures with any other subsampling, and pictures
/// that contain RGB, are slower to scale, because they are decoded to RGB pixels. They become 4:2:0, or 4:4:4 if they
/// contained RGB without subsampling.
///
/// The first Exif segment (APP1) is kept, because its orientation says how to turn the picture. All other APPn and COM
/// segments, such as ICC profiles, XMP, and data that a program has stored about the original pixels, are dropped.
///
/// A scaler must be used by one thread at a time.
public struct JPEGScaler: ~Copyable {
    /// A smaller picture.
    public struct Result: Sendable, Equatable {
        /// The JPEG.
        ///
        /// If the caller has released this result before the next picture is scaled, the scaler reuses its memory for
        /// that picture. Otherwise it allocates other memory.
        public var bytes: [UInt8]
        /// The width in pixels after the Exif orientation was applied.
        public var width: Int
        /// The height in pixels after the Exif orientation was applied.
        public var height: Int
        /// The library's warning if a part of the picture is grey because the data was damaged; otherwise nil.
        public var warning: String?

        /// The size of the JPEG in bytes.
        public var byteCount: Int { bytes.count }
    }

    /// The JPEG quality, from 1 (smallest files) to 100 (best pictures).
    public var quality: Int {
        didSet { quality = min(max(quality, 1), 100) }
    }

    private let encoder: Codec
    private var planes: PlaneBuffer
    private var output: PlaneBuffer
    private var bytes: [UInt8]

    /// Creates a scaler.
    ///
    /// - Parameter quality: The JPEG quality, from 1 (smallest files) to 100 (best pictures). Other numbers are
    ///   clamped.
    /// - Throws: If there is not enough memory.
    public init(quality: Int = 75) throws(TurboJPEGError) {
        encoder = try unsafe Codec(Self.operation, tjInitCompress)
        self.quality = min(max(quality, 1), 100)
        // The properties have no default values, because Swift would set them before the call that may throw. If this
        // call throws, Swift 6.3 would then destroy an uninitialized value.
        planes = PlaneBuffer()
        output = PlaneBuffer()
        bytes = []
    }

    /// Returns the scale that `scale(_:toWidth:)` uses: the smallest scale that makes the result wide enough.
    ///
    /// - Parameters:
    ///   - width: The width of the original in pixels.
    ///   - minimum: The minimum width of the result in pixels.
    /// - Returns: One of `JPEGDecoder.scales`, or nil if no scale makes the picture narrower but still wide enough.
    public static func scale(width: Int, toWidth minimum: Int) -> JPEGDecoder.Scale? {
        let scale = JPEGDecoder.scales.last { $0(width) >= minimum }
        guard let scale, scale(width) < width else { return nil }
        return scale
    }

    /// Makes a smaller picture.
    ///
    /// The memory for planes and bytes is reused, so it is allocated only if a picture is larger than all previous
    /// ones. libjpeg-turbo allocates its tables for each picture.
    ///
    /// All widths refer to the picture after its Exif orientation was applied.
    ///
    /// If the data is damaged or truncated, the part that cannot be decoded becomes grey. Pictures of more than 50
    /// megapixels are refused. If the data consists of several scans (progressive JPEGs), the limit is 17 megapixels.
    ///
    /// - Parameters:
    ///   - jpeg: The picture, which may lack Huffman tables. Bytes after its end are ignored.
    ///   - minimum: The minimum width of the smaller picture in pixels. If it is 1 or less, the smallest scale is used.
    /// - Returns: The smaller picture, or nil if no scale makes it smaller. The caller should then use the original.
    /// - Throws: If the data is not a JPEG, is too damaged or too large, or is a JPEG that cannot be scaled (lossless,
    ///   hierarchical or CMYK).
    public mutating func scale(_ jpeg: RawSpan, toWidth minimum: Int) throws(TurboJPEGError) -> Result? {
        let segments = try LeadingSegments(Span<UInt8>(_bytes: jpeg))
        // Each picture is decoded with a new handle, because a handle keeps the tables of the previous picture. A
        // picture without Huffman tables would be decoded with these old tables instead of the standard tables.
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

    /// The name of the operation in error messages.
    static let operation = "scale a picture"

    /// Decodes a picture to planes, and encodes these into `output`.
    private mutating func scalePlanes(
        _ source: UnsafeRawBufferPointer, _ decoder: borrowing Codec, _ subsampling: CInt, width: Int, height: Int
    ) throws(TurboJPEGError) -> (byteCount: Int, warning: String?) {
        let layout = try ScaledPlanes(width: width, height: height, subsampling: subsampling)
        let base = unsafe planes.reserve(layout.byteCount)
        // The library may stop after a warning without reporting an error. The planes are therefore filled with grey
        // first, so that no lines of the previous picture remain in them.
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

    /// Decodes a picture to RGB pixels, and encodes these into `output`.
    private mutating func scalePixels(
        _ source: UnsafeRawBufferPointer, _ decoder: borrowing Codec, _ subsampling: CInt, width: Int, height: Int
    ) throws(TurboJPEGError) -> (byteCount: Int, warning: String?) {
        let base = unsafe planes.reserve(width * height * 3)
        // The library may stop early here too; see the comment in `scalePlanes`.
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

    /// Calls the library's encoder and returns the size of the JPEG, which it has written to `output`.
    ///
    /// The library relies on the fact that `output` is large enough, so the memory is reserved first.
    private mutating func encode(
        _ subsampling: CInt, width: Int, height: Int,
        _ body: (tjhandle, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<UInt>) -> CInt
    ) throws(TurboJPEGError) -> Int {
        var size = tjBufSize(CInt(width), CInt(height), subsampling)
        var target: UnsafeMutablePointer<UInt8>? = unsafe output.reserve(Int(size))
        try unsafe encoder.call(Self.operation) { handle in unsafe body(handle, &target, &size) }
        return Int(size)
    }

    /// Copies the JPEG in `output` to `bytes`, and inserts the Exif segment after its JFIF header.
    private mutating func assemble(exif: UnsafeRawBufferPointer, byteCount: Int) {
        let jpeg = unsafe UnsafeBufferPointer(start: output.reserve(byteCount), count: byteCount)
        // The JPEG begins with SOI and an APP0 segment of 18 bytes (JFIF 1.02), as libjpeg writes them.
        let headerByteCount = min(20, byteCount)
        // If a result still uses this memory, the array allocates other memory of the same size.
        bytes.removeAll(keepingCapacity: true)
        unsafe bytes.append(contentsOf: jpeg[..<headerByteCount])
        unsafe bytes.append(contentsOf: exif)
        unsafe bytes.append(contentsOf: jpeg[headerByteCount...])
    }
}

/// The header of a JPEG that is to be scaled.
private struct ScalerHeader {
    let width: Int
    let height: Int
    /// One of libturbojpeg's `TJSAMP_…` constants, or -1 if the subsampling is unknown.
    let subsampling: CInt
    /// One of libturbojpeg's `TJCS_…` constants, or -1 if the color space is unknown.
    private let colorSpace: CInt

    /// Reads the header with a new handle.
    init(_ decoder: borrowing Codec, _ jpeg: UnsafeRawBufferPointer) throws(TurboJPEGError) {
        let header = try unsafe JPEGHeader(
            decoder, JPEGScaler.operation, jpeg.baseAddress?.assumingMemoryBound(to: UInt8.self), jpeg.count,
            allowsUnknownSubsampling: true)
        width = Int(header.width)
        height = Int(header.height)
        subsampling = header.subsampling
        colorSpace = header.colorSpace
    }

    /// Whether the picture's planes can be encoded again without a conversion.
    var passesThrough: Bool {
        let isLumaFirst = colorSpace == CInt(TJCS_YCbCr.rawValue) || colorSpace == CInt(TJCS_GRAY.rawValue)
        // The constants are unsigned in version 2.1 of the library. They are signed in 3.0, because TJSAMP_UNKNOWN is
        // -1.
        let known = [TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_GRAY, TJSAMP_440, TJSAMP_411]
        // If a picture of 4:1:1 is narrower than 16 pixels, the library (2.1 and 3.1) reads a byte after its buffer.
        return isLumaFirst && width >= 16 && known.contains { CInt(truncatingIfNeeded: $0.rawValue) == subsampling }
    }

    /// Whether the picture contains the red, green and blue values of each pixel.
    var isFullRGB: Bool {
        colorSpace == CInt(TJCS_RGB.rawValue) && subsampling == CInt(truncatingIfNeeded: TJSAMP_444.rawValue)
    }
}

/// The layout of a scaled picture's planes in memory.
///
/// The planes follow each other, and their lines have no padding.
///
/// The width and height of the luma plane are rounded up to whole chroma samples (turbojpeg.h, "YUV Image Format
/// Notes").
private struct ScaledPlanes {
    let width: Int
    let height: Int
    private let luma: (width: Int, height: Int)
    /// The size of the Cb and Cr planes; 0 for grey pictures.
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
            throw TurboJPEGError(JPEGScaler.operation, "libturbojpeg cannot store planes of \(width)x\(height) pixels")
        }
    }

    var byteCount: Int { luma.width * luma.height + 2 * chroma.width * chroma.height }

    var strides: [CInt] { [CInt(luma.width), CInt(chroma.width), CInt(chroma.width)] }

    /// Returns pointers to the planes of luma, Cb and Cr in `byteCount` bytes at `base`.
    ///
    /// The pointers to Cb and Cr are nil for grey pictures.
    func pointers(_ base: UnsafeMutablePointer<UInt8>) -> [UnsafeMutablePointer<UInt8>?] {
        guard chroma.width > 0 else { return unsafe [base, nil, nil] }
        let blue = unsafe base + luma.width * luma.height
        return unsafe [base, blue, blue + chroma.width * chroma.height]
    }

    /// Fills the columns and lines of the luma plane that are outside the picture, by repeating its last column and
    /// line.
    ///
    /// The library does not write to them, and their previous contents must not get into the JPEG.
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
