import MotionJPEG

/// Limits for pictures that are decoded.
///
/// They are needed because a small file can declare a huge size or contain a huge number of scans.
public enum PictureLimits {
    /// The maximum number of pixels of a picture with one scan, which needs little memory to decode.
    static let maximumPixelCount = 50_000_000
    /// The maximum number of pixels of a picture with several scans.
    ///
    /// While libjpeg decodes such a picture, it keeps the whole picture in memory, with up to 6 bytes per pixel.
    static let maximumPixelCountWithScans = 17_000_000
    /// The maximum number of pixels of a picture to draw on.
    ///
    /// Drawing needs up to 9 bytes of memory per pixel, including the resulting JPEG.
    static let maximumDrawnPixelCount = 17_000_000
    /// The maximum product of the numbers of pixels and scans, because each scan may affect every pixel.
    static let maximumWork = 250_000_000

    /// Checks a picture before it is decoded.
    ///
    /// - Parameters:
    ///   - jpeg: The picture. It may contain any bytes, and may come from an untrusted source.
    ///   - isTruncationAllowed: Whether to accept a truncated picture.
    /// - Returns: The size of the picture in pixels.
    /// - Throws: An error that says why the picture must not be decoded.
    @discardableResult
    static func check(
        _ jpeg: RawSpan, isTruncationAllowed: Bool
    ) throws(DetectionError) -> (width: Int, height: Int) {
        let info: JPEGInfo
        do throws(JPEGDefect) {
            info = try JPEG.inspect(jpeg, isTruncationAllowed: isTruncationAllowed)
        } catch {
            throw DetectionError(.badPicture, "the picture is not a valid JPEG: \(error)")
        }
        let pixels = info.width * info.height
        let scans = scanCount(in: Span<UInt8>(_bytes: jpeg.extracting(first: info.byteCount)))
        let maximum = scans > 1 ? maximumPixelCountWithScans : maximumPixelCount
        guard pixels <= maximum, pixels * scans <= maximumWork else {
            let detail = scans > 1 ? " in \(scans) scans" : ""
            throw DetectionError(
                .pictureTooLarge, "the picture is too large: \(info.width)x\(info.height) pixels\(detail)")
        }
        return (info.width, info.height)
    }

    /// Returns whether decoding a picture needs a bounded amount of memory and time, so that it may be decoded.
    ///
    /// The picture may be truncated, and may consist of any bytes.
    public static func allows(_ jpeg: RawSpan) -> Bool {
        (try? check(jpeg, isTruncationAllowed: true)) != nil
    }

    /// Checks the size of a picture that will be kept in memory uncompressed.
    static func check(width: Int, height: Int) throws(DetectionError) {
        guard width <= maximumPixelCountWithScans / max(1, height) else {
            throw DetectionError(.pictureTooLarge, "the picture is too large: \(width)x\(height) pixels")
        }
    }

    /// Counts the start-of-scan markers.
    ///
    /// The data of a scan cannot contain such a marker, because each 0xFF in the data is followed by 0 or by the second
    /// byte of a restart marker.
    private static func scanCount(in bytes: Span<UInt8>) -> Int {
        var count = 0
        var index = 0
        while index + 1 < bytes.count {
            if bytes[index] == 0xff, bytes[index + 1] == 0xda { count += 1 }
            index += 1
        }
        return count
    }
}
