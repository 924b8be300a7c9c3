import CTurboJPEG
import MotionJPEG

/// Turns and mirrors JPEGs without decoding them to pixels.
///
/// Nothing is lost except partial blocks at the edges.
///
/// A transformer must be used by one thread at a time.
public struct JPEGTransformer: ~Copyable {
    /// The size of a turned picture, which is in the caller's memory.
    public struct Result: Sendable, Equatable {
        /// The size of the JPEG in bytes.
        public var byteCount: Int
        /// The width in pixels.
        public var width: Int
        /// The height in pixels.
        public var height: Int
    }

    /// Creates a transformer.
    ///
    /// - Throws: If there is not enough memory.
    public init() throws(TurboJPEGError) {
        // Each picture is turned with a new handle. This one is created only to report a lack of memory early.
        _ = try unsafe Codec("start the transformer", tjInitTransform)
    }

    /// Returns the maximum size of a turned picture with the given dimensions and any subsampling.
    ///
    /// - Parameters:
    ///   - width: The number of pixels per line, before or after a rotation.
    ///   - height: The number of lines, before or after a rotation.
    /// - Returns: The size in bytes, or 0 if a JPEG cannot have these dimensions.
    public static func bound(width: Int, height: Int) -> Int {
        guard JPEGEncoder.size.contains(width), JPEGEncoder.size.contains(height) else { return 0 }
        let full = CInt(truncatingIfNeeded: TJSAMP_444.rawValue)
        return Int(max(tjBufSize(CInt(width), CInt(height), full), tjBufSize(CInt(height), CInt(width), full)))
    }

    /// Turns one picture directly into the caller's memory.
    ///
    /// The picture's Exif orientation is applied before `turn`. Segments such as Exif are dropped, because an
    /// orientation in the result would turn the picture again. Partial blocks at an edge (at most 15 pixels) are
    /// dropped if they cannot be turned. Damaged data is turned as far as possible.
    ///
    /// - Parameters:
    ///   - jpeg: The picture, which may lack Huffman tables.
    ///   - turn: How to turn the picture.
    ///   - output: The destination, which must have at least `bound(width:height:)` bytes for the picture's size.
    /// - Returns: The size of the turned picture.
    /// - Throws: If `output` is too small, or if libturbojpeg fails.
    public borrowing func transform(
        _ jpeg: RawSpan, _ turn: Turn, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Result {
        let operation = "turn a picture (\(turn))"
        let turn = Turn(ExifOrientation(of: jpeg)).followed(by: turn)
        // Each picture is turned with a new handle, because a handle keeps the tables of the previous picture. A
        // picture without Huffman tables would be decoded with these old tables instead of the standard tables.
        let codec = try unsafe Codec(operation, tjInitTransform)
        return try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> Result in
            let source = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = try unsafe JPEGHeader(codec, operation, source, bytes.count)
            let width = turn.swapsSides ? header.height : header.width
            let height = turn.swapsSides ? header.width : header.height
            // libturbojpeg relies on the fact that the buffer has at least this many bytes.
            let bound = tjBufSize(width, height, header.subsampling)
            guard output.byteCount >= Int(bound) else {
                throw TurboJPEGError(
                    operation, "there is room for \(output.byteCount) bytes, but \(bound) may be needed")
            }
            var transformation = unsafe tjtransform()
            unsafe transformation.op = turn.code
            unsafe transformation.options = TJXOPT_TRIM | TJXOPT_COPYNONE
            return try unsafe output.withUnsafeMutableBytes { (target) throws(TurboJPEGError) -> Result in
                var pointer = unsafe target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                var size = bound
                try unsafe codec.call(operation) { handle in
                    unsafe tjTransform(
                        handle, source, UInt(bytes.count), 1, &pointer, &size, &transformation, TJFLAG_NOREALLOC)
                }
                let turned = try unsafe JPEGHeader(codec, operation, pointer, Int(size))
                return Result(byteCount: Int(size), width: Int(turned.width), height: Int(turned.height))
            }
        }
    }
}

/// The header of a JPEG, as libturbojpeg reads it.
struct JPEGHeader {
    let width: CInt
    let height: CInt
    /// One of libturbojpeg's `TJSAMP_…` constants, or -1 if the subsampling is unknown.
    let subsampling: CInt
    /// One of libturbojpeg's `TJCS_…` constants, or -1 if the color space is unknown.
    let colorSpace: CInt

    /// Reads the header with `codec`, which must be a new handle.
    ///
    /// Throws if libturbojpeg does not support the subsampling, unless `allowsUnknownSubsampling` is true.
    init(
        _ codec: borrowing Codec, _ operation: String, _ bytes: UnsafePointer<UInt8>?, _ byteCount: Int,
        allowsUnknownSubsampling: Bool = false
    ) throws(TurboJPEGError) {
        var (width, height, subsampling, colorSpace): (CInt, CInt, CInt, CInt) = (0, 0, -1, -1)
        do throws(TurboJPEGError) {
            try unsafe codec.call(operation) { handle in
                unsafe tjDecompressHeader3(
                    handle, bytes, UInt(byteCount), &width, &height, &subsampling, &colorSpace)
            }
        } catch {
            // This call fails if the subsampling is unknown, although the picture can be decoded to pixels.
            guard allowsUnknownSubsampling, width > 0, height > 0, subsampling < 0 else { throw error }
        }
        guard width > 0, height > 0 else {
            throw TurboJPEGError(operation, "the data is not a JPEG, or it ends within the header")
        }
        guard subsampling >= 0 || allowsUnknownSubsampling else {
            throw TurboJPEGError(operation, "libturbojpeg does not support the picture's subsampling")
        }
        self.width = width
        self.height = height
        self.subsampling = subsampling
        self.colorSpace = colorSpace
    }
}
