import Drawing
import Testing

@Suite("StatusPicture")
struct StatusPictureTests {
    private static let message =
        "The camera /dev/video0 is unplugged. Plug it in, and its pictures will continue. Offline since 14:03:22."

    private func draw(_ width: Int, _ height: Int) -> Canvas {
        StatusPicture.draw(width: width, height: height, camera: "main", title: "No signal", message: Self.message)
    }

    @Test(
        "a status picture of any size can be drawn",
        arguments: [
            (1, 1), (2, 2), (3, 7), (16, 16), (17, 15), (16, 2000), (2000, 16), (319, 179), (320, 180), (3840, 2160),
        ])
    func sizes(width: Int, height: Int) {
        let canvas = draw(width, height)
        #expect(canvas.width == width && canvas.height == height)
        #expect(canvas.luma.count == width * height)
    }

    @Test("a status picture of an invalid size is one pixel")
    func impossibleSizes() {
        let canvas = StatusPicture.draw(width: 0, height: -4, title: "")
        #expect(canvas.width == 1 && canvas.height == 1)
    }

    @Test(
        "a status picture is dark, and its letters are bright",
        arguments: [(320, 180), (640, 480), (1280, 720), (3840, 2160)])
    func contrast(width: Int, height: Int) {
        let luma = draw(width, height).luma
        let bright = luma.count { $0 > 200 }
        let dark = luma.count { $0 < 40 }
        #expect(dark > luma.count * 3 / 4)
        #expect(bright > luma.count / 500)
    }

    @Test("a status picture contains its title and its message", arguments: [(320, 180), (480, 270)])
    func words(width: Int, height: Int) {
        let canvas = draw(width, height)
        #expect(find("No signal", in: canvas))
        #expect(find("unplugged.", in: canvas))
        #expect(find("14:03:22.", in: canvas))
        #expect(find("main", in: canvas))
        #expect(!find("Signal", in: canvas))
    }

    /// Returns whether the picture contains a word, at any place, at scale 1, 2 or 3, and in any visible colour.
    private func find(_ text: String, in canvas: Canvas) -> Bool {
        let background = canvas.luma[canvas.luma.count - 1]
        for scale in 1...3 {
            var pattern = Canvas(width: Canvas.textWidth(text, scale: scale), height: 7 * scale)
            pattern.text(text, x: 0, y: 0, scale: scale)
            guard pattern.width <= canvas.width, pattern.height <= canvas.height else { return false }
            let points = [(1, 1), (1, 3), (7, 4), (12, 6), (14, 2), (8, 5), (2, 0), (20, 6), (19, 2), (3, 5)]
            for y in 0...(canvas.height - pattern.height) {
                for x in 0...(canvas.width - pattern.width) {
                    func differs(_ column: Int, _ line: Int) -> Bool {
                        let isSet = pattern.luma[line * pattern.width + column] != 0
                        return isSet == (canvas.luma[(y + line) * canvas.width + x + column] == background)
                    }
                    if points.contains(where: { differs($0.0 * scale, $0.1 * scale) }) { continue }
                    let isHere = (0..<pattern.luma.count).allSatisfy {
                        !differs($0 % pattern.width, $0 / pattern.width)
                    }
                    if isHere { return true }
                }
            }
        }
        return false
    }
}
