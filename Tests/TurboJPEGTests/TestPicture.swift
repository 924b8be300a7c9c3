import TurboJPEG

/// A picture of known colours.
///
/// It has vertical bars. In the lower half of the picture, their order is reversed.
struct TestPicture {
    static let bars: [(red: Double, green: Double, blue: Double)] = [
        (230, 230, 230), (20, 20, 20), (200, 60, 40), (60, 180, 60), (40, 70, 200), (210, 200, 50), (190, 60, 190),
        (60, 190, 200),
    ]

    let width: Int
    let height: Int
    /// The weights of red and blue in luma; the weights of red, green and blue add up to 1.
    var weights = (red: 0.299, blue: 0.114)

    private func bar(_ x: Int, _ y: Int) -> Int {
        let index = x * Self.bars.count / width
        return y * 2 < height ? index : Self.bars.count - 1 - index
    }

    func color(_ x: Int, _ y: Int) -> (red: Double, green: Double, blue: Double) { Self.bars[bar(x, y)] }

    /// Whether all pixels up to `distance` away have the same colour, which subsampling therefore does not change.
    func isInside(_ x: Int, _ y: Int, distance: Int = 4) -> Bool {
        let columns = max(0, x - distance)...min(width - 1, x + distance)
        let lines = max(0, y - distance)...min(height - 1, y + distance)
        return Set(
            [columns.lowerBound, columns.upperBound].flatMap { column in
                [lines.lowerBound, lines.upperBound].map { bar(column, $0) }
            }
        ).count == 1
    }

    /// Returns Y, Cb and Cr of a pixel, computed in floating point with ``weights``.
    ///
    /// The default weights are the weights of BT.601.
    func sample(_ x: Int, _ y: Int, _ range: ColorRange) -> (luma: UInt8, blue: UInt8, red: UInt8) {
        let (red, green, blue) = color(min(x, width - 1), min(y, height - 1))
        let luma = weights.red * red + (1 - weights.red - weights.blue) * green + weights.blue * blue
        let blueDifference = (blue - luma) / 2 / (1 - weights.blue)
        let redDifference = (red - luma) / 2 / (1 - weights.red)
        switch range {
        case .full:
            return (Self.byte(luma), Self.byte(128 + blueDifference), Self.byte(128 + redDifference))
        case .limited:
            return (
                Self.byte(16 + luma * 219 / 255), Self.byte(128 + blueDifference * 224 / 255),
                Self.byte(128 + redDifference * 224 / 255)
            )
        }
    }

    private static func byte(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value.rounded()))) }

    /// Returns the picture in a layout, with `padding` bytes of 0xA5 after each line.
    func pixels(_ layout: PixelLayout, _ range: ColorRange = .full, padding: Int = 0) -> [UInt8] {
        let pad = [UInt8](repeating: 0xA5, count: padding)
        var bytes: [UInt8] = []
        switch layout {
        case .yuyv, .uyvy:
            for y in 0..<height {
                for x in stride(from: 0, to: width, by: 2) {
                    let (first, second) = (sample(x, y, range), sample(x + 1, y, range))
                    bytes +=
                        layout == .yuyv
                        ? [first.luma, first.blue, second.luma, first.red]
                        : [first.blue, first.luma, first.red, second.luma]
                }
                bytes += pad
            }
        case .nv12, .i420:
            for y in 0..<height { bytes += (0..<width).map { sample($0, y, range).luma } + pad }
            let chroma = stride(from: 0, to: height, by: 2).map { y in
                stride(from: 0, to: width, by: 2).map { sample($0, y, range) }
            }
            // A chroma line is half as long as a luma line, rounded up.
            let length = (width + padding + 1) / 2
            let rest = [UInt8](repeating: 0xA5, count: length - (width + 1) / 2)
            if layout == .nv12 {
                for line in chroma { bytes += line.flatMap { [$0.blue, $0.red] } + rest + rest }
            } else {
                for line in chroma { bytes += line.map(\.blue) + rest }
                for line in chroma { bytes += line.map(\.red) + rest }
            }
        case .grey:
            for y in 0..<height { bytes += (0..<width).map { sample($0, y, range).luma } + pad }
        case .rgb24, .bgr24:
            for y in 0..<height {
                for x in 0..<width {
                    let (red, green, blue) = color(x, y)
                    let pixel = [Self.byte(red), Self.byte(green), Self.byte(blue)]
                    bytes += layout == .rgb24 ? pixel : pixel.reversed()
                }
                bytes += pad
            }
        }
        return bytes
    }
}

func decoded(
    _ jpeg: [UInt8], to format: JPEGDecoder.Format = .rgb24, scale: JPEGDecoder.Scale = .full
) throws -> JPEGDecoder.Picture {
    try JPEGDecoder().decode(RawSpan(_elements: jpeg.span), to: format, scale: scale)
}

extension JPEGDecoder.Picture {
    /// Returns the samples of one pixel.
    func pixel(_ x: Int, _ y: Int) -> [Int] {
        let start = (y * width + x) * format.bytesPerPixel
        return pixels[start..<(start + format.bytesPerPixel)].map { Int($0) }
    }
}
