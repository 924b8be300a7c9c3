import CTurboJPEG

/// Decodes JPEGs that have four colours (CMYK) to red, green and blue.
///
/// Image editors write such JPEGs for printing.
///
/// A decoder must be used by one thread only.
public struct CMYKDecoder: ~Copyable {
    private let codec: Codec

    /// Creates a decoder; throws if there is not enough memory.
    public init() throws(TurboJPEGError) {
        codec = try unsafe Codec("start the decoder", tjInitDecompress)
    }

    /// Returns whether a JPEG has four colours.
    ///
    /// The result is false if the JPEG's header is invalid.
    public borrowing func isCMYK(_ jpeg: RawSpan) -> Bool { (try? header(of: jpeg))?.isCMYK ?? false }

    /// Decodes a picture.
    ///
    /// - Parameter jpeg: A JPEG with four colours, whose values must be inverted, as Adobe's programs store them.
    /// - Returns: The size of the picture, and three bytes per pixel (red, green, blue).
    /// - Throws: The error of libturbojpeg if the picture is invalid or damaged.
    public borrowing func decode(_ jpeg: RawSpan) throws(TurboJPEGError) -> (width: Int, height: Int, pixels: [UInt8]) {
        let (width, height, _) = try header(of: jpeg)
        var inks = [UInt8](repeating: 0, count: width * height * 4)
        let warning = try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) -> String? in
            try unsafe codec.call("decode four colours") { handle in
                unsafe tjDecompress2(
                    handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &inks,
                    CInt(width), CInt(width * 4), CInt(height), CInt(TJPF_CMYK.rawValue), 0)
            }
        }
        if let warning { throw TurboJPEGError("decode four colours", warning) }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for index in 0..<(width * height) {
            let black = UInt16(inks[index * 4 + 3])
            for channel in 0..<3 {
                // The values are inverted, so 255 means no ink.
                pixels[index * 3 + channel] = UInt8((UInt16(inks[index * 4 + channel]) * black + 127) / 255)
            }
        }
        return (width, height, pixels)
    }

    private borrowing func header(
        of jpeg: RawSpan
    ) throws(TurboJPEGError) -> (width: Int, height: Int, isCMYK: Bool) {
        var (width, height, subsampling, space): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
        try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) in
            _ = try unsafe codec.call("read a header") { handle in
                unsafe tjDecompressHeader3(
                    handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &width, &height,
                    &subsampling, &space)
            }
        }
        let isCMYK = space == CInt(TJCS_CMYK.rawValue) || space == CInt(TJCS_YCCK.rawValue)
        return (Int(width), Int(height), isCMYK)
    }
}
