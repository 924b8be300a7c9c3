/// The picture that a viewer gets when there is none: it says which camera, what is wrong and what helps.
public enum StatusPicture {
    /// Draws it: dark and calm, the camera's name at the top, title and message in the middle.
    ///
    /// Texts are printable ASCII; all else becomes question marks.
    ///
    /// Any size is possible. The letters grow with the picture; where it is too small for all of the text, the message
    /// is cut first.
    ///
    /// - Parameters:
    ///   - width: Pixels per line; the stream's own, so that viewers see no jump. At least 1.
    ///   - height: Lines. At least 1.
    ///   - camera: The camera's name.
    ///   - title: A few words, such as `No signal`.
    ///   - message: A sentence or two.
    /// - Returns: The canvas, ready to be encoded.
    public static func draw(
        width: Int, height: Int, camera: String = "", title: String, message: String = ""
    ) -> Canvas {
        var canvas = Canvas(width: max(1, width), height: max(1, height), color: Palette.background)
        let layout = Layout(width: canvas.width, height: canvas.height, title: title, message: message)
        let margin = layout.margin

        let bar = Rectangle(x: 0, y: 0, width: canvas.width, height: max(1, layout.smallScale * 2))
        canvas.fill(bar, Palette.accent)
        let nameTop = bar.height + margin / 2
        let nameBottom = nameTop + Canvas.textHeight(scale: layout.smallScale)
        if nameBottom < layout.top {
            canvas.text(camera, x: margin, y: nameTop, scale: layout.smallScale, color: Palette.faint)
        }

        var y = layout.top
        for line in layout.titleLines {
            canvas.text(line, x: margin, y: y, scale: layout.titleScale, color: Palette.title)
            y += Canvas.lineHeight(scale: layout.titleScale)
        }
        if !layout.messageLines.isEmpty {
            y += layout.gap
            for line in layout.messageLines {
                canvas.text(line, x: margin, y: y, scale: layout.messageScale, color: Palette.message)
                y += Canvas.lineHeight(scale: layout.messageScale)
            }
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

    /// What fits where.
    private struct Layout {
        var margin: Int
        var titleScale: Int
        var messageScale: Int
        var smallScale: Int
        var titleLines: [String] = []
        var messageLines: [String] = []
        var gap = 0
        var top = 0

        /// Takes the largest letters with which everything fits, beginning with what suits the size.
        init(width: Int, height: Int, title: String, message: String) {
            let base = max(1, min(width / 160, height / 90))
            margin = max(1, min(width, height) / 16)
            titleScale = base * 2
            messageScale = base
            smallScale = base
            while true {
                arrange(width: width, title: title, message: message)
                if blockHeight <= height - 2 * margin || titleScale == 1 { break }
                titleScale = max(1, titleScale - 1)
                messageScale = max(1, min(messageScale, titleScale))
                smallScale = messageScale
            }
            let room = height - 2 * margin
            while blockHeight > room, !messageLines.isEmpty { messageLines.removeLast() }
            while blockHeight > room, titleLines.count > 1 { titleLines.removeLast() }
            top = max(0, (height - blockHeight) / 2)
        }

        private mutating func arrange(width: Int, title: String, message: String) {
            let room = width - 2 * margin
            gap = Canvas.lineHeight(scale: messageScale) / 2
            titleLines = Canvas.wrap(title, width: room, scale: titleScale)
            messageLines = message.isEmpty ? [] : Canvas.wrap(message, width: room, scale: messageScale)
        }

        private var blockHeight: Int {
            let title = titleLines.count * Canvas.lineHeight(scale: titleScale)
            let message = messageLines.count * Canvas.lineHeight(scale: messageScale)
            return title + (messageLines.isEmpty ? 0 : gap + message)
        }
    }
}
