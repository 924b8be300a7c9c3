import MotionJPEG

/// Which pictures are decoded: a few bytes can claim a size that would take all memory, or scans without end.
enum PictureLimits {
    /// Pixels of a picture whose data comes in one scan, which takes little memory to decode.
    static let pixelCount = 50_000_000
    /// Pixels of any other, all of which libjpeg keeps: up to 6 bytes each.
    static let keptPixelCount = 17_000_000
    /// Pixels of a picture on which boxes are drawn: up to 9 bytes each, with the picture that is made of them.
    static let drawnPixelCount = 17_000_000
    /// Pixels times scans: each scan may touch every pixel.
    static let work = 250_000_000

    /// Looks at a picture before it is decoded.
    ///
    /// - Parameters:
    ///   - jpeg: Any bytes whatever.
    ///   - isTruncationAllowed: Takes a picture without its end.
    /// - Throws: What keeps it from being decoded.
    static func check(_ jpeg: RawSpan, isTruncationAllowed: Bool) throws(DetectionError) {
        let info: JPEGInfo
        do throws(JPEGDefect) {
            info = try JPEG.inspect(jpeg, isTruncationAllowed: isTruncationAllowed)
        } catch {
            throw DetectionError(.badPicture, "the picture is no JPEG that can be decoded: \(error)")
        }
        let pixels = info.width * info.height
        let scans = scanCount(in: Span<UInt8>(_bytes: jpeg.extracting(first: info.byteCount)))
        guard pixels <= (scans > 1 ? keptPixelCount : pixelCount), pixels * scans <= work else {
            let detail = scans > 1 ? " in \(scans) scans" : ""
            throw DetectionError(
                .pictureTooLarge, "the picture is too large: \(info.width)x\(info.height) pixels\(detail)")
        }
    }

    /// How many start-of-scan markers there are; between markers 0xFF is always followed by 0 or a restart marker.
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
