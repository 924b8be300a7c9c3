import CTurboJPEG

/// Draws on JPEGs: decodes them, lends the pixels, and encodes them again with the same subsampling.
///
/// Use it from one thread at a time.
public struct JPEGRetoucher: ~Copyable {
    private let codec: Codec
    private let quality: Int

    /// - Parameter quality: 1 (smallest) to 100 (best); other numbers are clamped.
    /// - Throws: If memory runs out.
    public init(quality: Int = 90) throws(TurboJPEGError) {
        codec = try unsafe Codec("start the retoucher", tjInitTransform)
        self.quality = min(max(quality, 1), 100)
    }

    /// Draws on one picture.
    ///
    /// A grey picture becomes a colour picture (4:2:0), so that what is drawn stands out. Damaged data is decoded as
    /// far as possible.
    ///
    /// - Parameters:
    ///   - jpeg: The picture; it may lack Huffman tables.
    ///   - draw: Gets red, green and blue of each pixel, line by line without padding, and the size in pixels.
    /// - Returns: The picture with what was drawn.
    /// - Throws: The library's error if the data is not a JPEG, or too damaged.
    public borrowing func retouch(
        _ jpeg: RawSpan, _ draw: (inout [UInt8], _ width: Int, _ height: Int) -> Void
    ) throws(TurboJPEGError) -> [UInt8] {
        let operation = "draw on a picture"
        return try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> [UInt8] in
            let source = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = try unsafe JPEGHeader(codec, operation, source, bytes.count)
            let (width, height) = (Int(header.width), Int(header.height))
            let format = CInt(TJPF_RGB.rawValue)
            var pixels = [UInt8](repeating: 0, count: width * height * 3)
            try unsafe codec.call(operation) { handle in
                unsafe tjDecompress2(
                    handle, source, UInt(bytes.count), &pixels, header.width, header.width * 3, header.height, format,
                    0)
            }
            draw(&pixels, width, height)
            let grey = CInt(truncatingIfNeeded: TJSAMP_GRAY.rawValue)
            let chroma = header.subsampling == grey ? Subsampling.s420.code : header.subsampling
            var size = tjBufSize(header.width, header.height, chroma)
            var output = [UInt8](repeating: 0, count: Int(size))
            try unsafe output.withUnsafeMutableBufferPointer { (buffer) throws(TurboJPEGError) in
                var target = buffer.baseAddress
                try unsafe codec.call(operation) { handle in
                    unsafe tjCompress2(
                        handle, pixels, header.width, header.width * 3, header.height, format, &target, &size, chroma,
                        CInt(quality), TJFLAG_NOREALLOC)
                }
            }
            output.removeLast(output.count - Int(size))
            return output
        }
    }
}
