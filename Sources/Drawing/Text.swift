/// Draws text in a bitmap font.
///
/// The font contains printable ASCII. Other characters are drawn as question marks. At a scale of 1, each letter has a
/// cell of 6 × 11 pixels.
extension Canvas {
    /// Returns the width of a line of text in pixels, without the gap after the last letter.
    ///
    /// - Parameters:
    ///   - text: One line of text.
    ///   - scale: The width and height, in pixels of the canvas, of one pixel of the font.
    /// - Returns: The width.
    public static func textWidth(_ text: some StringProtocol, scale: Int = 1) -> Int {
        max(0, text.count * Font.advance - 1) * scale
    }

    /// The height of the letters, from the top of capitals to the bottom of descenders, in pixels.
    public static func textHeight(scale: Int = 1) -> Int { Font.letterHeight * scale }

    /// The distance from one line of text to the next, in pixels.
    public static func lineHeight(scale: Int = 1) -> Int { Font.lineHeight * scale }

    /// The height of capitals and digits in pixels.
    public static func capitalHeight(scale: Int = 1) -> Int { (Font.letterHeight - 2) * scale }

    /// Draws one line of text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - x: The left edge of the first letter.
    ///   - y: The top edge of capital letters.
    ///   - scale: The width and height, in pixels of the canvas, of one pixel of the font. At least 1.
    ///   - color: The colour of the letters.
    ///   - background: The colour of a box behind the text, which extends beyond the text by one pixel of the font on
    ///     each side. Nil means no box.
    public mutating func text(
        _ text: some StringProtocol, x: Int, y: Int, scale: Int = 1, color: Color = .white, background: Color? = nil
    ) {
        let (x, y) = (Rectangle.clamp(x), Rectangle.clamp(y))
        let scale = min(max(1, scale), 4096)
        if let background, !text.isEmpty {
            let box = Rectangle(
                x: x - scale, y: y - scale, width: Self.textWidth(text, scale: scale) + 2 * scale,
                height: Self.textHeight(scale: scale) + 2 * scale)
            fill(box, background)
        }
        var left = x
        for character in text {
            if left >= width { break }
            draw(Font.pixels(of: character), x: left, y: y, scale: scale, color)
            left += Font.advance * scale
        }
    }

    /// Draws a letter, one run of pixels at a time.
    private mutating func draw(_ pixels: UInt64, x: Int, y: Int, scale: Int, _ color: Color) {
        for line in 0..<Font.letterHeight {
            let bits = pixels >> UInt64(line * Font.letterWidth)
            var column = 0
            while column < Font.letterWidth {
                guard bits >> UInt64(column) & 1 == 1 else {
                    column += 1
                    continue
                }
                let start = column
                while column < Font.letterWidth, bits >> UInt64(column) & 1 == 1 { column += 1 }
                fill(
                    Rectangle(
                        x: x + start * scale, y: y + line * scale, width: (column - start) * scale, height: scale),
                    color)
            }
        }
    }

    /// Breaks text into lines of at most `width` pixels, between words where possible.
    ///
    /// - Parameters:
    ///   - text: The text, which may contain line breaks.
    ///   - width: The maximum width of a line in pixels. A letter that is wider gets a line of its own.
    ///   - scale: The width and height, in pixels of the canvas, of one pixel of the font.
    /// - Returns: The lines.
    public static func wrap(_ text: String, width: Int, scale: Int = 1) -> [String] {
        let limit = max(1, (width / max(1, scale) + 1) / Font.advance)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                var rest = word[...]
                if !line.isEmpty, line.count + 1 + rest.count > limit {
                    lines.append(line)
                    line = ""
                }
                while rest.count > limit {
                    lines.append(String(rest.prefix(limit)))
                    rest = rest.dropFirst(limit)
                }
                line += (line.isEmpty ? "" : " ") + rest
            }
            lines.append(line)
        }
        return lines
    }
}
