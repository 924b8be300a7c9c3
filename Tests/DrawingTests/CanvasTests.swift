import Drawing
import Testing

@Suite("Canvas")
struct CanvasTests {
    @Test("a rectangle that is partly outside the canvas is clipped")
    func clipping() {
        var canvas = Canvas(width: 4, height: 3)
        canvas.fill(Rectangle(x: 2, y: -5, width: 100, height: 7), .white)
        #expect(canvas.luma == [0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0])
    }

    @Test("if a side is odd, the chroma planes' size is rounded up, and they are filled to their edges")
    func oddSizes() {
        var canvas = Canvas(width: 5, height: 3)
        #expect(canvas.chromaWidth == 3 && canvas.chromaHeight == 2)
        canvas.fill(Rectangle(x: 4, y: 2, width: 1, height: 1), Color(luma: 9, blueDifference: 1, redDifference: 2))
        #expect(canvas.luma == [UInt8](repeating: 0, count: 14) + [9])
        #expect(canvas.blueDifference == [128, 128, 128, 128, 128, 1])
        #expect(canvas.redDifference == [128, 128, 128, 128, 128, 2])
    }

    @Test(
        "a rectangle outside the canvas or of extreme size draws nothing",
        arguments: [
            Rectangle(x: 0, y: 0, width: 0, height: 5), Rectangle(x: 0, y: 0, width: -5, height: 5),
            Rectangle(x: 100, y: 100, width: 5, height: 5), Rectangle(x: -100, y: -100, width: 5, height: 5),
            Rectangle(x: .max, y: .max, width: .max, height: .max),
            Rectangle(x: .min, y: .min, width: .max, height: .max),
        ])
    func outside(rectangle: Rectangle) {
        var canvas = Canvas(width: 7, height: 7)
        canvas.fill(rectangle, .white)
        canvas.outline(rectangle, .white, thickness: 3)
        #expect(canvas.luma == [UInt8](repeating: 0, count: 49))
    }

    @Test("an outline is inside its rectangle and does not change the middle")
    func outline() {
        var canvas = Canvas(width: 6, height: 5)
        canvas.outline(Rectangle(x: 1, y: 0, width: 4, height: 4), .grey(1), thickness: 1)
        #expect(
            canvas.luma == [
                0, 1, 1, 1, 1, 0,
                0, 1, 0, 0, 1, 0,
                0, 1, 0, 0, 1, 0,
                0, 1, 1, 1, 1, 0,
                0, 0, 0, 0, 0, 0,
            ])
    }

    @Test(
        "colours are converted from RGB as the JPEG standard defines",
        arguments: [
            (UInt8(0), UInt8(0), UInt8(0), Color(luma: 0)), (255, 255, 255, Color(luma: 255)),
            (255, 0, 0, Color(luma: 76, blueDifference: 85, redDifference: 255)),
            (0, 255, 0, Color(luma: 150, blueDifference: 44, redDifference: 21)),
            (0, 0, 255, Color(luma: 29, blueDifference: 255, redDifference: 107)),
            (128, 128, 128, Color(luma: 128)),
        ])
    func colors(red: UInt8, green: UInt8, blue: UInt8, color: Color) {
        #expect(Color(red: red, green: green, blue: blue) == color)
    }
}
