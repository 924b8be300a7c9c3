import Linux
import Rasters
import TurboJPEG

/// Converts uploaded pictures in other formats to JPEGs, because the detector accepts only JPEGs.
public enum UploadedPicture {
    /// Returns an uploaded picture as a JPEG.
    ///
    /// A PNG, a WebP or a JPEG with four colour components (CMYK) is converted. Any other JPEG is returned unchanged.
    ///
    /// - Parameter bytes: The picture. It may contain any bytes, and may come from an untrusted source.
    /// - Returns: A JPEG of the same size in pixels.
    /// - Throws: A ``DetectionError`` of the kind `badPicture` or `pictureTooLarge`.
    public static func jpeg(from bytes: [UInt8]) throws(DetectionError) -> [UInt8] {
        if let format = RasterFormat(bytes) {
            guard let size = format.size(of: bytes) else {
                throw DetectionError(.badPicture, "the picture is not a valid \(format.rawValue)")
            }
            try PictureLimits.check(width: size.width, height: size.height)
            let raster = format.decode(bytes, maximumPixelCount: PictureLimits.maximumPixelCountWithScans)
            guard let raster else {
                throw DetectionError(.badPicture, "the picture is a truncated, damaged or animated \(format.rawValue)")
            }
            do throws(TurboJPEGError) {
                return try encode(raster)
            } catch {
                throw DetectionError(.badPicture, "cannot convert the picture: \(error.reason)")
            }
        }
        guard bytes.starts(with: [0xff, 0xd8]) else {
            throw DetectionError(.badPicture, "the picture is not a JPEG, PNG or WebP")
        }
        return try withoutInks(bytes) ?? bytes
    }

    /// Converts a JPEG with four colour components (CMYK) to a JPEG with three; returns nil for any other JPEG.
    private static func withoutInks(_ bytes: [UInt8]) throws(DetectionError) -> [UInt8]? {
        do throws(TurboJPEGError) {
            let decoder = try CMYKDecoder()
            guard bytes.withRawSpan({ decoder.isCMYK($0) }) else { return nil }
        } catch {
            throw DetectionError(.inferenceFailed, "cannot create a JPEG decoder: \(error)")
        }
        let size = try bytes.withRawSpan { (span) throws(DetectionError) in
            try PictureLimits.check(span, isTruncationAllowed: false)
        }
        try PictureLimits.check(width: size.width, height: size.height)
        do throws(TurboJPEGError) {
            let decoder = try CMYKDecoder()
            let picture = try bytes.withRawSpan { (span) throws(TurboJPEGError) in try decoder.decode(span) }
            return try encode(Raster(width: picture.width, height: picture.height, pixels: picture.pixels))
        } catch {
            throw DetectionError(.badPicture, "the picture is not a valid JPEG: \(error.reason)")
        }
    }

    private static func encode(_ raster: Raster) throws(TurboJPEGError) -> [UInt8] {
        var encoder = try JPEGEncoder(quality: 95)
        var jpeg = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: raster.width, height: raster.height))
        let count = try raster.pixels.withRawSpan { (pixels) throws(TurboJPEGError) in
            try jpeg.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try encoder.encode(
                    pixels, layout: .rgb24, width: raster.width, height: raster.height,
                    bytesPerLine: raster.width * 3, into: &output)
            }
        }
        jpeg.removeLast(jpeg.count - count)
        return jpeg
    }
}
