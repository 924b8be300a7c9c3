import Drawing
import TurboJPEG

/// Encodes pixels and returns the JPEG.
func encoded(
    _ pixels: [UInt8], _ layout: PixelLayout, width: Int, height: Int, bytesPerLine: Int? = nil,
    range: ColorRange = .full, encoding: ColorEncoding = .bt601, quality: Int = 95, subsampling: Subsampling = .s420
) throws -> [UInt8] {
    var encoder = try JPEGEncoder(quality: quality, subsampling: subsampling)
    let bound = JPEGEncoder.bound(width: width, height: height, subsampling: subsampling)
    return try bytes(capacity: bound) { output in
        try encoder.encode(
            RawSpan(_elements: pixels.span), layout: layout, width: width, height: height,
            bytesPerLine: bytesPerLine ?? layout.minimumBytesPerLine(width: width), range: range, encoding: encoding,
            into: &output)
    }
}

/// Encodes a canvas and returns the JPEG.
func encoded(_ canvas: Canvas, quality: Int = 90) throws -> [UInt8] {
    var encoder = try JPEGEncoder(quality: quality)
    return try bytes(capacity: JPEGEncoder.bound(width: canvas.width, height: canvas.height)) { output in
        try encoder.encode(
            luma: canvas.luma.span, blueDifference: canvas.blueDifference.span,
            redDifference: canvas.redDifference.span, width: canvas.width, height: canvas.height, into: &output)
    }
}

/// Returns the bytes that `body` writes into `capacity` bytes of memory.
///
/// `body` must return the number of bytes that it has written.
func bytes(capacity: Int, _ body: (inout MutableRawSpan) throws -> Int) throws -> [UInt8] {
    var memory = [UInt8](repeating: 0, count: capacity)
    var span = memory.mutableSpan
    var raw = unsafe span.mutableBytes
    let count = try body(&raw)
    return Array(memory[..<count])
}

/// Returns the position, before `turn`, of the pixel that is at `x`, `y` after `turn`.
///
/// `width` and `height` are the picture's size before `turn` is applied.
func origin(_ turn: Turn, _ x: Int, _ y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
    switch turn {
    case .none: (x, y)
    case .rotate90: (y, height - 1 - x)
    case .rotate180: (width - 1 - x, height - 1 - y)
    case .rotate270: (width - 1 - y, x)
    case .flipHorizontal: (width - 1 - x, y)
    case .flipVertical: (x, height - 1 - y)
    case .transpose: (y, x)
    case .transverse: (width - 1 - y, height - 1 - x)
    }
}
