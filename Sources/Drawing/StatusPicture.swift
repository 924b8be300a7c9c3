/// The picture that viewers see while a camera has no picture.
///
/// It says which camera it is, what the problem is, and what the viewer can do about it.
public enum StatusPicture {
    /// Draws the picture, which is dark, with the camera's name at the top and the title and the message in the middle.
    ///
    /// Texts must be printable ASCII. Other characters are replaced by question marks. The picture may have any size.
    /// The letters grow with it. If the picture is too small for the whole text, the camera's name is left out first.
    /// If that is not enough, lines at the end of the message are left out, and then lines at the end of the title.
    ///
    /// - Parameters:
    ///   - width: The width in pixels, at least 1, such as the width of the stream's pictures.
    ///   - height: The height in pixels, at least 1.
    ///   - camera: The camera's name.
    ///   - title: A few words, such as `No signal`.
    ///   - message: One or two sentences.
    /// - Returns: A canvas with the picture.
    public static func draw(
        width: Int, height: Int, camera: String = "", title: String, message: String = ""
    ) -> Canvas {
        var canvas = Canvas(width: max(1, width), height: max(1, height), color: Palette.background)
        let layout = Layout(width: canvas.width, height: canvas.height, camera: camera, title: title, message: message)
        canvas.fill(Rectangle(x: 0, y: 0, width: canvas.width, height: layout.barHeight), Palette.accent)
        if layout.showsCamera {
            let y = layout.barHeight + layout.margin / 2
            canvas.text(camera, x: layout.margin, y: y, scale: layout.messageScale, color: Palette.faint)
        }
        var y = layout.top
        for line in layout.titleLines {
            canvas.text(line, x: layout.margin, y: y, scale: layout.titleScale, color: Palette.title)
            y += Canvas.lineHeight(scale: layout.titleScale)
        }
        y += layout.gap
        for line in layout.messageLines {
            canvas.text(line, x: layout.margin, y: y, scale: layout.messageScale, color: Palette.message)
            y += Canvas.lineHeight(scale: layout.messageScale)
        }
        return canvas
    }

    private enum Palette {
        static let background = Color(red: 22, green: 26, blue: 32)
        static let accent = Color(red: 196, green: 124, blue: 60)
        static let title = Color(red: 236, green: 238, blue: 240)
        static let message = Color(red: 168, green: 176, blue: 186)
        static let faint = Color(red: 124, green: 134, blue: 146)
    }

    /// The positions and sizes of the texts.
    private struct Layout {
        let width: Int
        let height: Int
        let margin: Int
        var showsCamera: Bool
        var titleScale: Int
        var messageScale: Int
        var titleLines: [String] = []
        var messageLines: [String] = []

        /// Chooses the largest letters with which all texts fit, up to the normal size for the picture.
        init(width: Int, height: Int, camera: String, title: String, message: String) {
            self.width = width
            self.height = height
            margin = max(1, min(width, height) / 16)
            showsCamera = !camera.isEmpty
            messageScale = max(1, Self.scale(width, height))
            titleScale = max(2, messageScale * 7 / 4)
            wrap(title, message)
            while blockHeight > room, titleScale > 1 {
                titleScale -= 1
                messageScale = min(messageScale, titleScale)
                wrap(title, message)
            }
            if blockHeight > room { showsCamera = false }
            while blockHeight > room, !messageLines.isEmpty { messageLines.removeLast() }
            while blockHeight > room, titleLines.count > 1 { titleLines.removeLast() }
        }

        /// Returns the normal scale of letters, at which about 44 letters fit on a line.
        ///
        /// If this scale would be less than 2, the scale is 2 in a picture of at least 320 × 180 pixels, and 1 or 0 in
        /// a smaller picture.
        private static func scale(_ width: Int, _ height: Int) -> Int {
            min(max(width / 264, min(2, width / 160)), max(height / 148, min(2, height / 90)))
        }

        private mutating func wrap(_ title: String, _ message: String) {
            titleLines = Canvas.wrap(title, width: width - 2 * margin, scale: titleScale)
            messageLines =
                message.isEmpty ? [] : Canvas.wrap(message, width: width - 2 * margin, scale: messageScale)
        }

        /// The height of the bar at the top, which is even, because a chroma sample covers two lines.
        var barHeight: Int { (messageScale + 1) / 2 * 2 }

        /// The space between title and message.
        var gap: Int { messageLines.isEmpty ? 0 : Canvas.lineHeight(scale: messageScale) / 2 }

        /// The line below the bar and the camera's name, which is the first line at which the title may begin.
        private var headEnd: Int {
            barHeight + margin / 2 + (showsCamera ? Canvas.textHeight(scale: messageScale) + margin / 2 : 0)
        }

        private var room: Int { height - headEnd - margin / 2 }

        private var blockHeight: Int {
            titleLines.count * Canvas.lineHeight(scale: titleScale) + gap
                + messageLines.count * Canvas.lineHeight(scale: messageScale)
        }

        /// The row of pixels at which the title begins.
        ///
        /// The title and the message are centred vertically, unless they would then overlap the bar or the camera's
        /// name.
        var top: Int { max(headEnd, (height - blockHeight) / 2) }
    }
}
