/// The placement of a picture in a network's input.
///
/// The picture is scaled to be as large as possible and placed at the top left. The rest of the input is grey.
struct Letterbox: Equatable {
    /// The width of the network's input in pixels.
    let inputWidth: Int
    /// The height of the network's input in pixels.
    let inputHeight: Int
    /// The width in pixels of the part of the input that the picture covers.
    let contentWidth: Int
    /// The height in pixels of the part of the input that the picture covers.
    let contentHeight: Int
    /// The scale, as pixels of the input per pixel of the picture.
    let ratio: Double

    /// The value of red, green and blue in the part of the input that the picture does not cover.
    ///
    /// YOLOX was trained with this value.
    static let padding: Float = 114

    init(pictureWidth: Int, pictureHeight: Int, inputWidth: Int, inputHeight: Int) {
        self.inputWidth = inputWidth
        self.inputHeight = inputHeight
        ratio = min(Double(inputWidth) / Double(pictureWidth), Double(inputHeight) / Double(pictureHeight))
        contentWidth = max(1, min(inputWidth, Int(Double(pictureWidth) * ratio)))
        contentHeight = max(1, min(inputHeight, Int(Double(pictureHeight) * ratio)))
    }

    /// Returns the size of an input that has the picture's aspect ratio, and a longer side of `longSide` pixels.
    ///
    /// Width and height are rounded up to multiples of 32. An input of this size has almost no padding. Padding would
    /// cost as much time per pixel as the picture does.
    static func inputSize(pictureWidth: Int, pictureHeight: Int, longSide: Int) -> (width: Int, height: Int) {
        func roundUp(_ length: Int, _ other: Int) -> Int {
            let exact = Double(longSide) * Double(length) / Double(max(length, other))
            return max(32, (Int(exact.rounded(.up)) + 31) / 32 * 32)
        }
        return (roundUp(pictureWidth, pictureHeight), roundUp(pictureHeight, pictureWidth))
    }

    /// Converts a box from pixels of the input to pixels of the picture, and clips it to the picture.
    ///
    /// Returns nil if the box is outside the picture.
    func box(of candidate: YOLOX.Candidate, pictureWidth: Int, pictureHeight: Int) -> Prediction.Box? {
        func scale(_ value: Float, _ limit: Int) -> Int {
            Int(min(max(Double(value) / ratio, 0), Double(limit)).rounded())
        }
        let box = Prediction.Box(
            left: scale(candidate.left, pictureWidth), top: scale(candidate.top, pictureHeight),
            right: scale(candidate.right, pictureWidth), bottom: scale(candidate.bottom, pictureHeight))
        return box.left < box.right && box.top < box.bottom ? box : nil
    }
}

extension Letterbox {
    /// Fills `tensor` with the picture as blue, green and red planes with values from 0 to 255.
    ///
    /// - Parameters:
    ///   - tensor: The array to fill. It is resized to `3 * inputHeight * inputWidth` values if necessary.
    ///   - pixels: The picture with three bytes per pixel, which are blue, green and red. It may have any size.
    ///   - width: The width of the part of `pixels` that is used.
    ///   - height: The height of this part.
    ///   - start: The offset of this part's first byte.
    ///   - bytesPerLine: The number of bytes from one line to the next in `pixels`; by default, `width * 3`.
    func fill(
        _ tensor: inout [Float], from pixels: [UInt8], width: Int, height: Int, start: Int = 0,
        bytesPerLine: Int? = nil
    ) {
        let planeCount = inputWidth * inputHeight
        if tensor.count != 3 * planeCount { tensor = [Float](repeating: 0, count: 3 * planeCount) }
        let columns = Sampling(from: width, to: contentWidth, stride: 3)
        let lines = Sampling(from: height, to: contentHeight, stride: bytesPerLine ?? width * 3)
        var line = [Float](repeating: 0, count: width * 3)
        let source = pixels.span
        var target = tensor.mutableSpan
        for y in 0..<contentHeight {
            let (first, second) = (start + lines.first[y], start + lines.second[y])
            Self.blend(
                source.extracting(first..<(first + width * 3)), source.extracting(second..<(second + width * 3)),
                lines.weight[y], into: &line)
            sample(line.span, columns, into: &target, from: y * inputWidth)
            for plane in 0..<3 {
                let start = plane * planeCount + y * inputWidth
                for x in contentWidth..<inputWidth { target[start + x] = Self.padding }
            }
        }
        for plane in 0..<3 {
            let start = plane * planeCount
            var rest = target._mutatingExtracting((start + contentHeight * inputWidth)..<(start + planeCount))
            rest.update(repeating: Self.padding)
        }
    }

    private static func blend(_ first: Span<UInt8>, _ second: Span<UInt8>, _ weight: Float, into line: inout [Float]) {
        var output = line.mutableSpan
        precondition(first.count == output.count && second.count == output.count)
        for index in output.indices {
            let value = Float(first[index])
            output[index] = value + (Float(second[index]) - value) * weight
        }
    }

    /// Fills one line of all three planes, so that the neighbours of each pixel are looked up only once.
    private func sample(
        _ line: Span<Float>, _ columns: Sampling, into target: inout MutableSpan<Float>, from start: Int
    ) {
        let (first, second, weight) = (columns.first.span, columns.second.span, columns.weight.span)
        let planeCount = inputWidth * inputHeight
        for x in 0..<contentWidth {
            let (left, right, share) = (first[x], second[x], weight[x])
            let (blue, green, red) = (line[left], line[left + 1], line[left + 2])
            target[start + x] = blue + (line[right] - blue) * share
            target[start + planeCount + x] = green + (line[right + 1] - green) * share
            target[start + 2 * planeCount + x] = red + (line[right + 2] - red) * share
        }
    }

    /// For each target pixel, the offsets of the two source pixels next to it and the weight of the second one.
    ///
    /// The interpolation is linear, and the centres of pixels are aligned. The offsets of adjacent source pixels differ
    /// by `stride`.
    private struct Sampling {
        var first: [Int] = []
        var second: [Int] = []
        var weight: [Float] = []

        init(from source: Int, to target: Int, stride: Int) {
            let scale = Double(source) / Double(target)
            for index in 0..<target {
                let position = min(max((Double(index) + 0.5) * scale - 0.5, 0), Double(source - 1))
                let whole = Int(position)
                first.append(whole * stride)
                second.append(min(whole + 1, source - 1) * stride)
                weight.append(Float(position - Double(whole)))
            }
        }
    }
}
