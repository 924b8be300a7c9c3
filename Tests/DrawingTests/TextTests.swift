import Drawing
import Testing

/// Draws a text and returns each line of pixels as a string, in which "#" is a pixel of the text.
private func drawn(_ text: String, scale: Int = 1) -> [String] {
    var canvas = Canvas(
        width: max(1, Canvas.textWidth(text, scale: scale)), height: Canvas.textHeight(scale: scale))
    canvas.text(text, x: 0, y: 0, scale: scale)
    return (0..<canvas.height).map { line in
        String(canvas.luma[(line * canvas.width)..<((line + 1) * canvas.width)].map { $0 == 255 ? "#" : "." })
    }
}

@Suite("Text")
struct TextTests {
    private static let printable = (0x20..<0x7F).map { Character(UnicodeScalar(UInt8($0))) }

    @Test("each character is drawn with its own glyph")
    func letters() {
        #expect(
            drawn("A2g") == [
                ".###...###.......",
                "#...#.#...#......",
                "#...#.....#..####",
                "#####....#..#...#",
                "#...#...#...#...#",
                "#...#..#....#...#",
                "#...#.#####..####",
                "................#",
                ".............###.",
            ])
    }

    @Test("each printable character has its own shape")
    func distinct() {
        let pictures = Self.printable.map { drawn(String($0)) }
        #expect(Set(pictures).count == Self.printable.count)
    }

    @Test("each printable character but the space is visible")
    func visible() {
        for character in Self.printable where character != " " {
            #expect(drawn(String(character)).contains { $0.contains("#") }, "\(character)")
        }
    }

    @Test(
        "any character that is not printable ASCII is drawn as a question mark",
        arguments: ["\u{7}", "é", "한", "👍", "\u{7F}"])
    func unprintable(text: String) {
        #expect(drawn(text) == drawn("?"))
    }

    @Test("a scale turns each pixel into a square")
    func scale() {
        let small = drawn("Fj")
        let large = drawn("Fj", scale: 3)
        #expect(large == small.flatMap { line in Array(repeating: String(line.flatMap { [$0, $0, $0] }), count: 3) })
    }

    @Test("text beyond the canvas is clipped at every edge")
    func clipped() {
        var canvas = Canvas(width: 10, height: 6)
        canvas.text("WWWW", x: -3, y: -2, scale: 2, background: .grey(40))
        canvas.text("WWWW", x: 8, y: 4, scale: 5)
        canvas.text("WWWW", x: 1000, y: 1000)
        canvas.text("WWWW", x: .min, y: .max, scale: .max, background: .white)
        #expect(canvas.luma.contains(255))
    }

    @Test("a background extends beyond the text by one font pixel on each side")
    func background() {
        var canvas = Canvas(width: 20, height: 20)
        canvas.text("-", x: 4, y: 4, scale: 2, background: .grey(9))
        let filled = canvas.luma.indices.filter { canvas.luma[$0] != 0 }
        #expect(filled.first == 2 * 20 + 2)
        #expect(filled.map { $0 % 20 }.max() == 4 + 10 + 2 - 1)
    }

    @Test("lines are broken between words, and within a word only if it is wider than a line")
    func wrapping() {
        #expect(Canvas.wrap("one two  three", width: 41) == ["one two", "three"])
        #expect(Canvas.wrap("one two three", width: 40) == ["one", "two", "three"])
        #expect(Canvas.wrap("abcdefghij k", width: 24, scale: 1) == ["abcd", "efgh", "ij k"])
        #expect(Canvas.wrap("a\n\nb", width: 100) == ["a", "", "b"])
        #expect(Canvas.wrap("", width: 100) == [""])
        #expect(Canvas.wrap("ab", width: 0, scale: 0) == ["a", "b"])
    }
}
