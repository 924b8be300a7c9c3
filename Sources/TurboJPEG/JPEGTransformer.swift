import CTurboJPEG
import MotionJPEG

/// Turns and mirrors JPEGs without decoding them to pixels: only partial blocks at the edges are lost.
///
/// Use it from one thread at a time.
public struct JPEGTransformer: ~Copyable {
    /// A turned picture in the caller's memory.
    public struct Result: Sendable, Equatable {
        /// Length of the JPEG.
        public var byteCount: Int
        /// Pixels per line.
        public var width: Int
        /// Lines.
        public var height: Int
    }

    /// - Throws: If memory runs out.
    public init() throws(TurboJPEGError) {
        // Reports here already that there is no memory, although each picture gets a handle of its own.
        _ = try unsafe Codec("start the transformer", tjInitTransform)
    }

    /// The maximum size of a turned picture of these dimensions, whatever its subsampling.
    ///
    /// - Parameters:
    ///   - width: Pixels per line, before or after the turn.
    ///   - height: Lines.
    /// - Returns: The number of bytes.
    public static func bound(width: Int, height: Int) -> Int {
        guard JPEGEncoder.size.contains(width), JPEGEncoder.size.contains(height) else { return 0 }
        let full = CInt(truncatingIfNeeded: TJSAMP_444.rawValue)
        return Int(max(tjBufSize(CInt(width), CInt(height), full), tjBufSize(CInt(height), CInt(width), full)))
    }

    /// Turns one picture directly into the caller's memory.
    ///
    /// `turn` applies to the picture as it is shown: its Exif orientation is applied first. Markers such as Exif are
    /// dropped, because the orientation would turn the picture again. Partial blocks at an edge (at most 15 pixels)
    /// that cannot be turned are dropped. Damaged data is turned as far as possible.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - turn: What to do.
    ///   - output: At least `bound(width:height:)` bytes for the picture's size.
    /// - Returns: Length and size of the turned picture.
    /// - Throws: If `output` is too small, or the library's error.
    public borrowing func transform(
        _ jpeg: RawSpan, _ turn: Turn, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Result {
        let operation = "turn a picture (\(turn))"
        let turn = Turn(ExifOrientation(of: jpeg)).followed(by: turn)
        // A handle keeps the tables of the picture before: one without Huffman tables would get those.
        let codec = try unsafe Codec(operation, tjInitTransform)
        return try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> Result in
            let source = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = try unsafe JPEGHeader(codec, operation, source, bytes.count)
            let width = turn.swapsSides ? header.height : header.width
            let height = turn.swapsSides ? header.width : header.height
            // libturbojpeg assumes that the buffer is this large.
            let bound = tjBufSize(width, height, header.subsampling)
            guard output.byteCount >= Int(bound) else {
                throw TurboJPEGError(operation, "there is room for \(output.byteCount) bytes, but \(bound) may be needed")
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
    /// One of TJSAMP, or -1 if it is unknown.
    let subsampling: CInt
    /// One of TJCS, or -1 if it is unknown.
    let colorSpace: CInt

    /// Reads the header with a fresh handle.
    ///
    /// Unless `allowsUnknownSubsampling`, throws if libturbojpeg does not support the subsampling.
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
            // An unknown subsampling is an error of this call too, but not of a decode to pixels.
            guard allowsUnknownSubsampling, width > 0, height > 0, subsampling < 0 else { throw error }
        }
        guard width > 0, height > 0 else {
            throw TurboJPEGError(operation, "the data is not a JPEG, or it ends within the header")
        }
        guard subsampling >= 0 || allowsUnknownSubsampling else {
            throw TurboJPEGError(operation, "its subsampling is unknown to libturbojpeg")
        }
        self.width = width
        self.height = height
        self.subsampling = subsampling
        self.colorSpace = colorSpace
    }
}
