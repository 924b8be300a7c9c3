import CTurboJPEG
import MotionJPEG

/// Draws on JPEGs.
///
/// A retoucher decodes a picture, calls a closure that changes the pixels, and encodes the changed pixels with the
/// chroma subsampling of the original picture.
///
/// The pixels are turned according to the picture's Exif orientation. The result consists of the turned pixels, and
/// therefore has no Exif orientation.
///
/// A retoucher must be used by one thread at a time.
public struct JPEGRetoucher: ~Copyable {
    private let decoder: JPEGDecoder
    private let encoder: Codec
    private let quality: Int

    /// Creates a retoucher.
    ///
    /// - Parameter quality: The JPEG quality, from 1 (smallest files) to 100 (best pictures). Other numbers are
    ///   clamped.
    /// - Throws: If there is not enough memory.
    public init(quality: Int = 90) throws(TurboJPEGError) {
        let decoder = try JPEGDecoder()
        let encoder = try unsafe Codec("start the retoucher", tjInitCompress)
        self.decoder = decoder
        self.encoder = encoder
        self.quality = min(max(quality, 1), 100)
    }

    /// Draws on one picture.
    ///
    /// A grey picture becomes a colour picture (4:2:0), so that what is drawn stands out. Damaged data is decoded as
    /// far as possible.
    ///
    /// - Parameters:
    ///   - jpeg: The picture, which may lack Huffman tables.
    ///   - draw: A closure that draws. Its arguments are the pixels, each of which has three bytes (red, green, blue),
    ///     line by line without padding, and the size in pixels.
    /// - Returns: The JPEG with what was drawn.
    /// - Throws: The error of libturbojpeg if the data is not a JPEG or is too damaged.
    public borrowing func retouch(
        _ jpeg: RawSpan, _ draw: (inout [UInt8], _ width: Int, _ height: Int) -> Void
    ) throws(TurboJPEGError) -> [UInt8] {
        let operation = "draw on a picture"
        var picture = try decoder.decode(jpeg)
        draw(&picture.pixels, picture.width, picture.height)
        let subsampling = try subsampling(of: jpeg, operation)
        let (width, height) = (CInt(picture.width), CInt(picture.height))
        var size = tjBufSize(width, height, subsampling)
        var output = [UInt8](repeating: 0, count: Int(size))
        try unsafe output.withUnsafeMutableBufferPointer { (buffer) throws(TurboJPEGError) in
            var target = buffer.baseAddress
            try unsafe encoder.call(operation) { handle in
                unsafe tjCompress2(
                    handle, picture.pixels, width, width * 3, height, CInt(TJPF_RGB.rawValue), &target, &size,
                    subsampling, CInt(quality), TJFLAG_NOREALLOC)
            }
        }
        output.removeLast(output.count - Int(size))
        return output
    }

    /// Returns the subsampling of the turned picture, or 4:2:0 if the picture is grey or its subsampling is unknown.
    private borrowing func subsampling(of jpeg: RawSpan, _ operation: String) throws(TurboJPEGError) -> CInt {
        let codec = try unsafe Codec(operation, tjInitDecompress)
        let header = try unsafe jpeg.withUnsafeBytes { (bytes) throws(TurboJPEGError) in
            try unsafe JPEGHeader(
                codec, operation, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                allowsUnknownSubsampling: true)
        }
        func code(_ subsampling: TJSAMP) -> CInt { CInt(truncatingIfNeeded: subsampling.rawValue) }
        let isTurned = ExifOrientation(of: jpeg).swapsSides
        return switch header.subsampling {
        case code(TJSAMP_444): code(TJSAMP_444)
        case code(TJSAMP_422): code(isTurned ? TJSAMP_440 : TJSAMP_422)
        case code(TJSAMP_440): code(isTurned ? TJSAMP_422 : TJSAMP_440)
        case code(TJSAMP_411) where !isTurned: code(TJSAMP_411)
        default: code(TJSAMP_420)
        }
    }
}
