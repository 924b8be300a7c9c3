import Drawing
import Testing

@testable import Capturing

@Suite("The synthetic camera's picture")
struct PatternTests {
    /// The time 2026-11-22 14:08:05.042 UTC, in nanoseconds since 1970.
    private static let time: UInt64 = 1_795_356_485_042_000_000

    @Test("the frame number is in the picture, in large letters")
    func number() {
        var picture = PatternPicture(width: 1280, height: 720, camera: "main")
        picture.draw(realtime: Self.time, number: 1_795_356_480_123)
        // Draw the same text alone and look for a place in the picture that has the same pixels.
        var text = Canvas(width: 1280, height: 720)
        let color = Color(red: 255, green: 200, blue: 60)
        let scale = 11
        text.text("#1795356480123", x: 0, y: 0, scale: scale, color: color)
        let width = Canvas.textWidth("#1795356480123", scale: scale)
        let lines = Canvas.capitalHeight(scale: scale)
        func stands(atX left: Int, y top: Int) -> Bool {
            for line in stride(from: 0, to: lines, by: 5) {
                for column in stride(from: 0, to: width, by: 5) {
                    let drawn = picture.canvas.luma[(top + line) * 1280 + left + column]
                    if drawn != text.luma[line * 1280 + column] { return false }
                }
            }
            return true
        }
        let isFound = (0..<720 - lines).contains { top in
            (0..<1280 - width).contains { stands(atX: $0, y: top) }
        }
        #expect(isFound)
    }

    @Test("each picture differs from the previous one, and nothing of the previous one is left")
    func movement() {
        var picture = PatternPicture(width: 640, height: 480, camera: "main")
        picture.draw(realtime: Self.time, number: 1)
        let first = picture.canvas
        picture.draw(realtime: Self.time + 33_000_000, number: 2)
        #expect(picture.canvas.luma != first.luma)
        picture.draw(realtime: Self.time, number: 1)
        #expect(picture.canvas.luma == first.luma)
        #expect(picture.canvas.redDifference == first.redDifference)
    }

    @Test("the box crosses the picture once in four seconds")
    func box() {
        var picture = PatternPicture(width: 640, height: 480, camera: "main")
        func left(after milliseconds: UInt64) -> Int? {
            picture.draw(realtime: 1_795_356_484_000_000_000 + milliseconds * 1_000_000, number: 1)
            let line = picture.canvas.luma[(420 * 640)..<(421 * 640)]
            return line.firstIndex { $0 > 100 }.map { $0 - 420 * 640 }
        }
        #expect([0, 1000, 2000, 3000].map { left(after: $0) } == [0, 160, 320, 480])
    }

    @Test(
        "any size can be drawn",
        arguments: [(16, 16), (17, 19), (33, 1000), (4096, 16), (16, 4096), (1, 1), (160, 120)])
    func sizes(width: Int, height: Int) {
        var picture = PatternPicture(width: width, height: height, camera: "a-camera-with-a-long-name")
        for step in 0..<8 as Range<UInt64> {
            picture.draw(realtime: Self.time + step * 500_000_000, number: 1_795_356_480_123 + step)
        }
        #expect(picture.canvas.luma.count == width * height)
    }
}
