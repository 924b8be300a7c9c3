import Drawing
import Linux

/// The picture of the synthetic camera.
///
/// It shows colour bars with the camera's name, and the time and the frame number in large letters. A box crosses the
/// lower part every four seconds, and a line at the bottom grows during each second. Parts that do not change are drawn
/// only once.
struct PatternPicture {
    private(set) var canvas: Canvas
    private let scale: Int
    /// The area with the time and the frame number.
    private let panel: Rectangle
    /// The area that the box crosses.
    private let track: Rectangle
    /// The area of the line that grows during each second.
    private let seconds: Rectangle

    /// The time in nanoseconds in which the box crosses the picture.
    private static let period: UInt64 = 4_000_000_000
    /// The length of the longest line in characters: a `#`, 13 digits, and a margin of one character on each side.
    private static let lineLength = 16

    init(width: Int, height: Int, camera: String) {
        canvas = Canvas(width: width, height: height, color: Self.ground)
        scale = max(1, min(width / (Self.lineLength * 7), height / 56))
        let lineHeight = Canvas.lineHeight(scale: scale)
        let panelWidth = min(width, Canvas.textWidth(String(repeating: "0", count: Self.lineLength), scale: scale))
        panel = Rectangle(
            x: (width - panelWidth) / 2, y: max(0, height * 2 / 5 - lineHeight), width: panelWidth,
            height: min(height, lineHeight * 2 + scale * 2))
        seconds = Rectangle(x: 0, y: height - max(2, height / 40), width: width, height: max(2, height / 40))
        track = Rectangle(x: 0, y: height * 4 / 5, width: width, height: max(0, seconds.y - height * 4 / 5))
        drawBars(camera)
    }

    /// Draws the picture for the time `realtime`, in nanoseconds since 1970-01-01 UTC.
    mutating func draw(realtime: UInt64, number: UInt64) {
        canvas.fill(panel, .black)
        let left = panel.x + scale * 6
        canvas.text(LocalTime(realtime: realtime).time, x: left, y: panel.y + scale * 3, scale: scale)
        let second = panel.y + scale * 3 + Canvas.lineHeight(scale: scale)
        canvas.text("#\(number)", x: left, y: second, scale: scale, color: Self.accent)

        canvas.fill(track, Self.ground)
        let side = track.height
        let travelled = Int(realtime % Self.period) / 1000 * canvas.width / Int(Self.period / 1000)
        // Draw the box twice, because the part of it that leaves the picture at the right enters it at the left.
        for x in [travelled, travelled - canvas.width] {
            canvas.fill(Rectangle(x: x, y: track.y, width: side, height: side), Self.accent)
        }
        let length = Int(realtime / 1_000_000 % 1000) * canvas.width / 1000
        canvas.fill(seconds, .black)
        canvas.fill(Rectangle(x: 0, y: seconds.y, width: length, height: seconds.height), .white)
    }

    private mutating func drawBars(_ camera: String) {
        let height = track.y
        for (index, color) in Self.bars.enumerated() {
            let left = canvas.width * index / Self.bars.count
            let right = canvas.width * (index + 1) / Self.bars.count
            canvas.fill(Rectangle(x: left, y: 0, width: right - left, height: height), color)
        }
        let small = max(1, scale / 2)
        canvas.text(camera, x: small * 3, y: small * 3, scale: small, color: .white, background: .black)
    }

    private static let ground = Color.grey(40)
    private static let accent = Color(red: 255, green: 200, blue: 60)
    /// The colour bars of SMPTE EG 1: white, yellow, cyan, green, magenta, red and blue at 75 % intensity.
    static let bars = [
        Color(red: 191, green: 191, blue: 191), Color(red: 191, green: 191, blue: 0),
        Color(red: 0, green: 191, blue: 191), Color(red: 0, green: 191, blue: 0),
        Color(red: 191, green: 0, blue: 191), Color(red: 191, green: 0, blue: 0), Color(red: 0, green: 0, blue: 191),
    ]
}
