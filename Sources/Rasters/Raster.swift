import CPNG
import CWebP

/// An uncompressed picture.
///
/// Its pixels have three bytes each (red, green, blue) and are stored line by line without padding.
public struct Raster: Equatable, Sendable {
    public var width: Int
    public var height: Int
    public var pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// The picture formats that libpng and libwebp decode.
///
/// Transparent pixels are drawn on a black background.
///
/// Unsafe code: the libraries receive pointers to the picture's bytes and to an array of exactly the size that they
/// need, and use both only during the call.
public enum RasterFormat: String, Sendable, CaseIterable {
    case png = "PNG"
    case webP = "WebP"

    /// Recognizes the format of a picture by its first bytes; returns nil for any other format.
    public init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else if bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)),
            bytes[8..<12].elementsEqual(Array("WEBP".utf8))
        {
            self = .webP
        } else {
            return nil
        }
    }

    /// Returns the size in pixels according to the picture's header, or nil if the header is invalid.
    public func size(of bytes: [UInt8]) -> (width: Int, height: Int)? {
        switch self {
        case .png:
            var (width, height): (UInt32, UInt32) = (0, 0)
            guard unsafe cpng_size(bytes, bytes.count, &width, &height) == 1 else { return nil }
            return width > 0 && height > 0 ? (Int(width), Int(height)) : nil
        case .webP:
            var (width, height): (CInt, CInt) = (0, 0)
            guard unsafe WebPGetInfo(bytes, bytes.count, &width, &height) == 1 else { return nil }
            return width > 0 && height > 0 ? (Int(width), Int(height)) : nil
        }
    }

    /// Decodes a picture of at most `maximumPixelCount` pixels; returns nil if it is larger, invalid or truncated.
    public func decode(_ bytes: [UInt8], maximumPixelCount: Int) -> Raster? {
        guard let (width, height) = size(of: bytes), width <= maximumPixelCount / height else { return nil }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        let isDecoded =
            switch self {
            case .png: unsafe cpng_decode(bytes, bytes.count, &pixels, UInt32(width), UInt32(height)) == 1
            case .webP:
                unsafe WebPDecodeRGBInto(bytes, bytes.count, &pixels, pixels.count, CInt(width * 3)) != nil
            }
        return isDecoded ? Raster(width: width, height: height, pixels: pixels) : nil
    }
}
