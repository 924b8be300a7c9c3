/// A picture to draw on.
///
/// It consists of three planes (Y'CbCr 4:2:0) with the colour encoding of JPEGs, so that it can be encoded without
/// conversion. Lines have no padding. A chroma sample covers two by two pixels. Therefore a shape whose edges have odd
/// coordinates changes the colour, but not the luma, of adjacent pixels. Shapes are clipped to the canvas.
public struct Canvas: Sendable {
    public let width: Int
    public let height: Int

    /// The Y' plane of `width` × `height` samples.
    public var luma: [UInt8]

    /// The Cb plane of `chromaWidth` × `chromaHeight` samples.
    public var blueDifference: [UInt8]

    /// The Cr plane of `chromaWidth` × `chromaHeight` samples.
    public var redDifference: [UInt8]

    /// The number of samples per line of a chroma plane, which is half the width, rounded up.
    public var chromaWidth: Int { (width + 1) / 2 }

    /// The number of lines of a chroma plane, which is half the height, rounded up.
    public var chromaHeight: Int { (height + 1) / 2 }

    /// - Parameters:
    ///   - width: The number of pixels per line, at least 1.
    ///   - height: The number of lines, at least 1.
    ///   - color: The colour that fills the canvas.
    public init(width: Int, height: Int, color: Color = .black) {
        precondition(width > 0 && height > 0, "a canvas has at least one pixel")
        self.width = width
        self.height = height
        luma = [UInt8](repeating: color.luma, count: width * height)
        let chromaCount = (width + 1) / 2 * ((height + 1) / 2)
        blueDifference = [UInt8](repeating: color.blueDifference, count: chromaCount)
        redDifference = [UInt8](repeating: color.redDifference, count: chromaCount)
    }

    /// The rectangle that covers the whole canvas.
    public var bounds: Rectangle { Rectangle(x: 0, y: 0, width: width, height: height) }

    /// Fills a rectangle with one colour.
    public mutating func fill(_ rectangle: Rectangle, _ color: Color) {
        let columns = Self.clip(rectangle.x, rectangle.width, to: width)
        let lines = Self.clip(rectangle.y, rectangle.height, to: height)
        guard !columns.isEmpty, !lines.isEmpty else { return }
        Self.fill(&luma, stride: width, columns: columns, lines: lines, color.luma)
        let chromaColumns = (columns.lowerBound / 2)..<((columns.upperBound + 1) / 2)
        let chromaLines = (lines.lowerBound / 2)..<((lines.upperBound + 1) / 2)
        Self.fill(
            &blueDifference, stride: chromaWidth, columns: chromaColumns, lines: chromaLines, color.blueDifference)
        Self.fill(
            &redDifference, stride: chromaWidth, columns: chromaColumns, lines: chromaLines, color.redDifference)
    }

    /// Draws the outline of a rectangle.
    ///
    /// The line of `thickness` pixels is inside the rectangle.
    public mutating func outline(_ rectangle: Rectangle, _ color: Color, thickness: Int = 2) {
        guard !rectangle.isEmpty else { return }
        let line = max(1, min(thickness, rectangle.width, rectangle.height))
        let (x, y, width, height) = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        fill(Rectangle(x: x, y: y, width: width, height: line), color)
        fill(Rectangle(x: x, y: y + height - line, width: width, height: line), color)
        fill(Rectangle(x: x, y: y + line, width: line, height: height - 2 * line), color)
        fill(Rectangle(x: x + width - line, y: y + line, width: line, height: height - 2 * line), color)
    }

    /// Clips a run of `length` pixels that begins at `start`, so that it is between 0 and `limit`.
    private static func clip(_ start: Int, _ length: Int, to limit: Int) -> Range<Int> {
        let lower = min(max(start, 0), limit)
        return lower..<min(max(start + length, lower), limit)
    }

    private static func fill(
        _ plane: inout [UInt8], stride: Int, columns: Range<Int>, lines: Range<Int>, _ sample: UInt8
    ) {
        var samples = plane.mutableSpan
        for line in lines {
            let start = line * stride
            var run = samples._mutatingExtracting((start + columns.lowerBound)..<(start + columns.upperBound))
            run.update(repeating: sample)
        }
    }
}
