import Drawing
import TurboJPEG

/// Draws boxes around the detected objects on a picture, for clients that cannot draw them themselves.
public enum Overlay {
    /// Returns whether boxes can be drawn on a picture of this size.
    ///
    /// Larger pictures would need too much memory.
    public static func isPossible(width: Int, height: Int) -> Bool {
        width * height <= PictureLimits.maximumDrawnPixelCount
    }

    /// The error for a picture for which ``isPossible(width:height:)`` is false.
    public static func refusal(width: Int, height: Int) -> DetectionError {
        DetectionError(
            .pictureTooLarge,
            "the picture is too large to draw boxes on: \(width)x\(height) pixels; request the JSON instead")
    }

    /// Draws boxes and labels on a JPEG.
    ///
    /// The result has the chroma subsampling of `jpeg`.
    ///
    /// - Parameters:
    ///   - predictions: The detected objects, beginning with the most confident one, which is drawn on top of the
    ///     others.
    ///   - jpeg: A picture that ``Detector/detect(_:isTruncationAllowed:)`` has accepted and that is not too large.
    /// - Returns: A JPEG of the same size.
    /// - Throws: A ``DetectionError`` of the kind `badPicture`.
    public static func draw(_ predictions: [Prediction], on jpeg: RawSpan) throws(DetectionError) -> [UInt8] {
        do throws(TurboJPEGError) {
            return try JPEGRetoucher(quality: 90).retouch(jpeg) { pixels, width, height in
                var picture = OverlayPicture(pixels: pixels, width: width, height: height)
                pixels = []
                for prediction in predictions.reversed() { picture.draw(prediction) }
                pixels = picture.pixels
            }
        } catch {
            throw DetectionError(.badPicture, "cannot draw boxes on the picture: \(error.reason)")
        }
    }
}

/// An RGB picture to draw on.
struct OverlayPicture {
    var pixels: [UInt8]
    let width: Int
    let height: Int

    /// The magnification of the font.
    ///
    /// It grows with the picture, so that labels are legible when the picture fills a screen.
    private var scale: Int { max(1, (min(width, height) + 120) / 240) }

    /// Colours, as red, green and blue, that contrast with white text and with each other.
    private static let palette: [[UInt8]] = [
        [0xd6, 0x27, 0x28], [0x1f, 0x77, 0xb4], [0x2c, 0x8c, 0x2c], [0xc8, 0x5a, 0x00], [0x8e, 0x5c, 0xb8],
        [0x8c, 0x56, 0x4b], [0xc7, 0x4f, 0x9e], [0x5f, 0x5f, 0x5f], [0x7f, 0x7a, 0x10], [0x0e, 0x86, 0x94],
    ]

    /// Returns the colour for the boxes of a class.
    static func color(of classID: Int) -> [UInt8] { palette[classID % palette.count] }

    mutating func draw(_ prediction: Prediction) {
        let color = Self.color(of: prediction.classID)
        let box = prediction.box
        guard box.left < box.right, box.top < box.bottom else { return }
        let line = max(2, scale * 3 / 2)
        fill(box.left..<box.right, box.top..<(box.top + line), color)
        fill(box.left..<box.right, (box.bottom - line)..<box.bottom, color)
        fill(box.left..<(box.left + line), box.top..<box.bottom, color)
        fill((box.right - line)..<box.right, box.top..<box.bottom, color)
        let percent = Int((prediction.confidence * 100).rounded())
        write("\(prediction.label) \(percent)%", above: box, color)
    }

    /// Draws a label above the box, or inside it if there is no room above.
    ///
    /// The label is always within the picture.
    private mutating func write(_ text: String, above box: Prediction.Box, _ color: [UInt8]) {
        let (textWidth, textHeight) = (Canvas.textWidth(text, scale: scale), Canvas.textHeight(scale: scale))
        let (labelWidth, labelHeight) = (textWidth + 4 * scale, textHeight + 3 * scale)
        let left = max(0, min(box.left, width - labelWidth))
        let top = box.top >= labelHeight ? box.top - labelHeight : min(box.top, max(0, height - labelHeight))
        fill(left..<(left + labelWidth), top..<(top + labelHeight), color)
        // Render the text on a canvas and copy its bright pixels.
        var canvas = Canvas(width: max(1, textWidth), height: max(1, textHeight))
        canvas.text(text, x: 0, y: 0, scale: scale)
        for y in 0..<canvas.height {
            for x in 0..<canvas.width where canvas.luma[y * canvas.width + x] > 127 {
                set(left + 2 * scale + x, top + 2 * scale + y, [255, 255, 255])
            }
        }
    }

    private mutating func fill(_ columns: Range<Int>, _ lines: Range<Int>, _ color: [UInt8]) {
        for y in lines.clamped(to: 0..<height) {
            for x in columns.clamped(to: 0..<width) { set(x, y, color) }
        }
    }

    private mutating func set(_ x: Int, _ y: Int, _ color: [UInt8]) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let start = (y * width + x) * 3
        for channel in 0..<3 { pixels[start + channel] = color[channel] }
    }
}
