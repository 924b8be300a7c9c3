import CTurboJPEG

/// Turns and mirrors JPEGs without decoding them to pixels: nothing is lost but incomplete blocks at the edges.
///
/// Not to be used by two threads at once.
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

    private let codec: Codec

    /// - Throws: When there is no memory.
    public init() throws(TurboJPEGError) {
        codec = try unsafe Codec("start the transformer", tjInitTransform)
    }

    /// The most bytes that a turned picture of this size can take, whatever its subsampling.
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

    /// Turns one picture straight into the caller's memory.
    ///
    /// Blocks at an edge that cannot be turned whole (at most 15 pixels) are left out. Damaged data is turned as far
    /// as it goes. Markers such as Exif are left out: their orientation would turn the picture again.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - turn: What to do.
    ///   - output: At least `bound(width:height:)` bytes of the picture's size.
    /// - Returns: Length and size of the turned picture.
    /// - Throws: When `output` is too small, or the library's own error.
    public borrowing func transform(
        _ jpeg: RawSpan, _ turn: Turn, into output: inout MutableRawSpan
    ) throws(TurboJPEGError) -> Result {
        let operation = "turn a picture (\(turn))"
        return try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> Result in
            let source = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = try unsafe JPEGHeader(codec, operation, source, bytes.count)
            let width = turn.swapsSides ? header.height : header.width
            let height = turn.swapsSides ? header.width : header.height
            // libturbojpeg takes the buffer to be this large.
            let bound = tjBufSize(width, height, header.subsampling)
            guard output.byteCount >= Int(bound) else {
                throw TurboJPEGError(operation, "room for \(output.byteCount) bytes where \(bound) may be needed")
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

/// What libturbojpeg reads of a JPEG before its data.
struct JPEGHeader {
    let width: CInt
    let height: CInt
    let subsampling: CInt

    init(
        _ codec: borrowing Codec, _ operation: String, _ bytes: UnsafePointer<UInt8>?, _ byteCount: Int
    ) throws(TurboJPEGError) {
        var width: CInt = 0
        var height: CInt = 0
        var subsampling: CInt = 0
        var colorSpace: CInt = 0
        try unsafe codec.call(operation) { handle in
            unsafe tjDecompressHeader3(
                handle, bytes, UInt(byteCount), &width, &height, &subsampling, &colorSpace)
        }
        guard width > 0, height > 0, subsampling >= 0 else {
            throw TurboJPEGError(operation, "its subsampling is unknown to libturbojpeg")
        }
        self.width = width
        self.height = height
        self.subsampling = subsampling
    }
}
