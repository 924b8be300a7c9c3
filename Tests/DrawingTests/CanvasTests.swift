import Drawing
import Testing

@Suite("The canvas")
struct CanvasTests {
    @Test("a rectangle that lies partly outside is drawn as far as it lies inside")
    func clipping() {
        var canvas = Canvas(width: 4, height: 3)
        canvas.fill(Rectangle(x: 2, y: -5, width: 100, height: 7), .white)
        #expect(canvas.luma == [0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0])
    }
}
