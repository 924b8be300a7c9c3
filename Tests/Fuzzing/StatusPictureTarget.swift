import Drawing

/// Fuzzes the status picture with any text and any size.
enum StatusPictureTarget {
    static func run(_ input: Input) {
        var input = input
        let flags = input.byte()
        let largest = flags & 1 == 0 ? 400 : 1
        var (width, height) = (input.number(in: -2...largest), input.number(in: -2...largest))
        if flags & 2 != 0 { width = input.number(in: 1...8000) }
        if flags & 4 != 0, width < 1000 { height = input.number(in: 1...4400) }
        let camera = input.line()
        let title = input.line()
        let message = input.text
        let canvas = StatusPicture.draw(width: width, height: height, camera: camera, title: title, message: message)
        check(canvas.width == max(1, width) && canvas.height == max(1, height), "the picture has the requested size")
        check(canvas.luma.count == canvas.width * canvas.height, "there is a luma sample for each pixel")
        let chromaCount = canvas.chromaWidth * canvas.chromaHeight
        check(canvas.blueDifference.count == chromaCount, "there is one blue difference for every four pixels")
        check(canvas.redDifference.count == chromaCount, "there is one red difference for every four pixels")
        wrap(message, width: width, scale: Int(flags >> 3))
        var small = Canvas(width: 9, height: 9)
        small.text(message, x: width &* width, y: -height, scale: Int(flags), color: .white, background: .black)
    }

    private static func wrap(_ text: String, width: Int, scale: Int) {
        let lines = Canvas.wrap(text, width: width, scale: scale)
        let fits = lines.allSatisfy { $0.count <= 1 || Canvas.textWidth($0, scale: max(1, scale)) <= width }
        check(fits, "no line is wider than allowed")
        let blanks: Set<Character> = [" ", "\n"]
        check(lines.joined().filter { $0 != " " } == text.filter { !blanks.contains($0) }, "no letter is lost")
    }
}
