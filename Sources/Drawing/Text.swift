/// Text in a bitmap font: printable ASCII, everything else as question marks. Each letter stands in a cell of
/// 6 x 11 pixels, times the scale.
extension Canvas {
    /// How wide a line of text is, in pixels; the gap behind the last letter is not counted.
    ///
    /// - Parameters:
    ///   - text: One line.
    ///   - scale: Pixels of the canvas for one of the font.
    /// - Returns: The width.
    public static func textWidth(_ text: some StringProtocol, scale: Int = 1) -> Int {
        max(0, text.count * Font.advance - 1) * scale
    }

    /// How high the letters are, from the top of capitals to the end of descenders, in pixels.
    public static func textHeight(scale: Int = 1) -> Int { Font.letterHeight * scale }

    /// From one line of text to the next, in pixels.
    public static func lineHeight(scale: Int = 1) -> Int { Font.lineHeight * scale }

    /// How high capitals and digits are, in pixels.
    public static func capitalHeight(scale: Int = 1) -> Int { (Font.letterHeight - 2) * scale }

    /// Draws one line of text.
    ///
    /// - Parameters:
    ///   - text: What to write.
    ///   - x: The left edge of the first letter.
    ///   - y: The top of the capitals.
    ///   - scale: Pixels of the canvas for one of the font, 1 or more.
    ///   - color: The letters' colour.
    ///   - background: Fills a box around the text, one pixel of the font wider on each side.
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

    /// Draws a letter, runs of pixels at once.
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

    /// Breaks text into lines that fit `width` pixels, between words where that is possible.
    ///
    /// - Parameters:
    ///   - text: May have line breaks of its own.
    ///   - width: The most pixels of a line.
    ///   - scale: Pixels of the canvas for one of the font.
    /// - Returns: The lines; at least one letter stands on each, however narrow.
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
