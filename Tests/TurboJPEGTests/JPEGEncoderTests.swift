import MotionJPEG
import Testing
import TurboJPEG

@Suite("JPEGEncoder")
struct JPEGEncoderTests {
    private static let layouts = PixelLayout.allCases

    @Test(
        "pictures of each layout keep their colours, in both ranges and in odd sizes", arguments: layouts,
        [(128, 96), (161, 95), (162, 61), (135, 98)])
    func colors(layout: PixelLayout, size: (width: Int, height: Int)) throws {
        let picture = TestPicture(width: size.width, height: size.height)
        for range in ColorRange.allCases {
            let jpeg = try encoded(
                picture.pixels(layout, range), layout, width: size.width, height: size.height, range: range,
                quality: 100)
            let result = try decoded(jpeg)
            #expect(result.width == size.width && result.height == size.height)
            #expect(result.warning == nil)
            for y in 0..<size.height {
                for x in 0..<size.width where picture.isInside(x, y) {
                    let (red, green, blue) = picture.color(x, y)
                    let luma = Int(0.299 * red + 0.587 * green + 0.114 * blue + 0.5)
                    let expected = layout == .grey ? [luma, luma, luma] : [Int(red), Int(green), Int(blue)]
                    let actual = result.pixel(x, y)
                    let error = zip(expected, actual).map { abs($0 - $1) }.max() ?? 0
                    guard error > 6 else { continue }
                    Issue.record("\(layout) \(range) at \(x),\(y): \(actual) instead of \(expected)")
                    return
                }
            }
        }
    }

    @Test(
        "pictures of other encodings keep their colours: BT.709 and BT.2020",
        arguments: [(ColorEncoding.bt709, 0.2126, 0.0722), (.bt2020, 0.2627, 0.0593)],
        [PixelLayout.yuyv, .uyvy, .nv12, .i420])
    func encodings(encoding: (name: ColorEncoding, red: Double, blue: Double), layout: PixelLayout) throws {
        for (width, height) in [(128, 96), (161, 95)] {
            let weights = (red: encoding.red, blue: encoding.blue)
            let picture = TestPicture(width: width, height: height, weights: weights)
            for (range, subsampling) in [(ColorRange.full, Subsampling.s420), (.limited, .s422)] {
                let pixels = picture.pixels(layout, range)
                let jpeg = try encoded(
                    pixels, layout, width: width, height: height, range: range, encoding: encoding.name, quality: 100,
                    subsampling: subsampling)
                let result = try decoded(jpeg)
                var worst = 0
                for y in 0..<height {
                    for x in 0..<width where picture.isInside(x, y) {
                        let (red, green, blue) = picture.color(x, y)
                        let errors = zip([red, green, blue], result.pixel(x, y)).map { abs(Int($0) - $1) }
                        worst = max(worst, errors.max() ?? 0)
                    }
                }
                #expect(worst <= 7, "\(encoding.name) \(layout) \(range) \(width)x\(height)")
            }
        }
    }

    @Test("the colour encoding does not matter for grey and RGB pictures", arguments: [PixelLayout.grey, .rgb24])
    func encodingOfGrey(layout: PixelLayout) throws {
        let pixels = TestPicture(width: 64, height: 32).pixels(layout)
        let jpegs = try ColorEncoding.allCases.map {
            try encoded(pixels, layout, width: 64, height: 32, range: .full, encoding: $0)
        }
        #expect(Set(jpegs).count == 1)
    }

    @Test("the encoder uses the range that the caller passes, whatever the pixels contain")
    func rangeMatters() throws {
        let picture = TestPicture(width: 128, height: 32)
        let limited = picture.pixels(.yuyv, .limited)
        let right = try decoded(encoded(limited, .yuyv, width: 128, height: 32, range: .limited))
        let wrong = try decoded(encoded(limited, .yuyv, width: 128, height: 32, range: .full))
        #expect(abs(right.pixel(8, 8)[0] - 230) < 5)
        #expect(abs(wrong.pixel(8, 8)[0] - 214) < 5)
    }

    @Test("luma of limited range is expanded to the nearest value of full range, whether in vectors or byte by byte")
    func lumaExpansion() throws {
        for value in stride(from: 0, through: 255, by: 3) {
            let expected = min(255, max(0, (Double(value) - 16) * 255 / 219)).rounded()
            for side in [8, 32] {
                let pixels = [UInt8](repeating: UInt8(value), count: side * side)
                let jpeg = try encoded(pixels, .grey, width: side, height: side, range: .limited, quality: 100)
                let actual = try decoded(jpeg, to: .grey).pixel(side - 1, side - 1)[0]
                #expect(abs(Double(actual) - expected) <= 1, "luma \(value) in a picture of \(side)x\(side) pixels")
            }
        }
    }

    @Test("interleaved lines are split into exactly the right planes at any width")
    func exactSplit() throws {
        var random = SystemRandomNumberGenerator()
        for width in [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 34, 47, 63, 64, 65, 130] {
            for height in [1, 2, 5, 16] {
                let columns = (width + 1) / 2
                let packed = (0..<(columns * 4 * height)).map { _ in UInt8.random(in: 0...255, using: &random) }
                let luma = (0..<height).flatMap { y in (0..<(columns * 2)).map { packed[y * columns * 4 + $0 * 2] } }
                func chroma(_ offset: Int) -> [UInt8] {
                    stride(from: 0, to: height, by: 2).flatMap { y in
                        (0..<columns).map { x in
                            let upper = Int(packed[y * columns * 4 + x * 4 + offset])
                            let lower = Int(packed[min(y + 1, height - 1) * columns * 4 + x * 4 + offset])
                            return UInt8((upper + lower + 1) / 2)
                        }
                    }
                }
                let (blue, red) = (chroma(1), chroma(3))
                let line = columns * 2
                let planar = try encoded(
                    luma + blue + red, .i420, width: width, height: height, bytesPerLine: line)
                #expect(try encoded(packed, .yuyv, width: width, height: height) == planar, "yuyv \(width)x\(height)")
                let swapped = stride(from: 0, to: packed.count, by: 2).flatMap { [packed[$0 + 1], packed[$0]] }
                #expect(try encoded(swapped, .uyvy, width: width, height: height) == planar, "uyvy \(width)x\(height)")
                let pairs = zip(blue, red).flatMap { [$0, $1] }
                #expect(
                    try encoded(luma + pairs, .nv12, width: width, height: height, bytesPerLine: line) == planar,
                    "nv12 \(width)x\(height)")
            }
        }
    }

    @Test("padding after the lines does not change the JPEG", arguments: layouts, [(64, 48), (35, 21)])
    func padding(layout: PixelLayout, size: (width: Int, height: Int)) throws {
        let picture = TestPicture(width: size.width, height: size.height)
        let padded = picture.pixels(layout, padding: 26)
        let bytesPerLine = layout.minimumBytesPerLine(width: size.width) + 26
        let needed = layout.minimumByteCount(width: size.width, height: size.height, bytesPerLine: bytesPerLine)
        let expected = try encoded(picture.pixels(layout), layout, width: size.width, height: size.height)
        #expect(
            try encoded(
                Array(padded.prefix(needed)), layout, width: size.width, height: size.height,
                bytesPerLine: bytesPerLine) == expected)
        #expect(throws: TurboJPEGError.self) {
            try encoded(
                Array(padded.prefix(needed - 1)), layout, width: size.width, height: size.height,
                bytesPerLine: bytesPerLine)
        }
    }

    @Test("4:2:2 keeps the chroma of each line, and 4:2:0 keeps the mean of two lines")
    func subsampling() throws {
        let blueLine = [[UInt8]](repeating: [120, 200, 120, 128], count: 32).joined()
        let yellowLine = [[UInt8]](repeating: [120, 56, 120, 128], count: 32).joined()
        let pixels = [[UInt8]](repeating: Array(blueLine) + Array(yellowLine), count: 16).flatMap { $0 }
        let kept = try decoded(encoded(pixels, .yuyv, width: 64, height: 32, quality: 100, subsampling: .s422))
        let mixed = try decoded(encoded(pixels, .yuyv, width: 64, height: 32, quality: 100, subsampling: .s420))
        #expect(kept.pixel(20, 10)[2] - kept.pixel(20, 11)[2] > 200)
        #expect(abs(mixed.pixel(20, 10)[2] - mixed.pixel(20, 11)[2]) < 6)
    }

    @Test("grey pictures become JPEGs of one component")
    func grey() throws {
        let jpeg = try encoded([UInt8](repeating: 77, count: 64), .grey, width: 8, height: 8)
        let frameHeader = try #require((0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        #expect(jpeg[frameHeader + 9] == 1)
        #expect(try decoded(jpeg, to: .grey).pixel(3, 3) == [77])
    }

    @Test("the smallest pictures can be encoded", arguments: layouts)
    func smallest(layout: PixelLayout) throws {
        for (width, height) in [(1, 1), (2, 1), (1, 2), (3, 3), (1, 40), (40, 1)] {
            let picture = TestPicture(width: width, height: height)
            for subsampling in Subsampling.allCases {
                let jpeg = try encoded(
                    picture.pixels(layout), layout, width: width, height: height, subsampling: subsampling)
                let info = try JPEG.inspect(RawSpan(_elements: jpeg.span))
                #expect(info == JPEGInfo(width: width, height: height, byteCount: jpeg.count))
            }
        }
    }

    @Test("an encoder that was used before produces the same JPEG as a new one")
    func reuse() throws {
        var encoder = try JPEGEncoder(quality: 80)
        for (layout, side) in [(PixelLayout.yuyv, 64), (.nv12, 160), (.grey, 16), (.rgb24, 33), (.yuyv, 63)] {
            let picture = TestPicture(width: side, height: side)
            let pixels = picture.pixels(layout)
            let jpeg = try bytes(capacity: JPEGEncoder.bound(width: side, height: side)) { output in
                try encoder.encode(
                    RawSpan(_elements: pixels.span), layout: layout, width: side, height: side,
                    bytesPerLine: layout.minimumBytesPerLine(width: side), range: .full, into: &output)
            }
            #expect(try jpeg == encoded(pixels, layout, width: side, height: side, quality: 80))
        }
    }

    @Test("pictures that cannot be encoded are refused with the reason")
    func refusals() throws {
        var encoder = try JPEGEncoder()
        func attempt(
            _ encoder: inout JPEGEncoder, byteCount: Int = 64 * 64 * 2, width: Int = 64, height: Int = 64,
            bytesPerLine: Int = 128, capacity: Int = 100_000
        ) -> String? {
            do {
                _ = try bytes(capacity: capacity) { output in
                    try encoder.encode(
                        RawSpan(_elements: [UInt8](repeating: 0, count: byteCount).span), layout: .yuyv, width: width,
                        height: height, bytesPerLine: bytesPerLine, into: &output)
                }
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(attempt(&encoder) == nil)
        #expect(
            attempt(&encoder, byteCount: 8000) == "encode 64x64 yuyv: the picture has 8000 bytes instead of 8192")
        #expect(attempt(&encoder, bytesPerLine: 127) == "encode 64x64 yuyv: a line cannot have 127 bytes")
        for (width, height) in [(0, 64), (64, 0), (-1, 64), (65_501, 1), (1, .max)] {
            #expect(
                attempt(&encoder, width: width, height: height)?.hasSuffix("not between 1x1 and 65500x65500") == true)
        }
        #expect(attempt(&encoder, byteCount: 0) != nil)
        #expect(attempt(&encoder, capacity: 100)?.contains("room for 100 bytes, but") == true)
        #expect(attempt(&encoder, bytesPerLine: .max) != nil)
    }

    @Test("a picture of noise at the best quality is not larger than the encoder's bound")
    func bound() throws {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<(160 * 120 * 2)).map { _ in UInt8.random(in: 0...255, using: &random) }
        for subsampling in Subsampling.allCases {
            let jpeg = try encoded(noise, .yuyv, width: 160, height: 120, quality: 100, subsampling: subsampling)
            #expect(jpeg.count <= JPEGEncoder.bound(width: 160, height: 120, subsampling: subsampling))
        }
        #expect(JPEGEncoder.bound(width: 0, height: 5) == 0)
        #expect(JPEGEncoder.bound(width: 65_501, height: 5) == 0)
    }

    @Test("chroma lines are read correctly if the luma lines have an odd length", arguments: [PixelLayout.i420, .nv12])
    func oddLines(layout: PixelLayout) throws {
        let picture = TestPicture(width: 35, height: 21)
        let odd = picture.pixels(layout)
        #expect(odd.count == layout.minimumByteCount(width: 35, height: 21, bytesPerLine: 35))
        let even = picture.pixels(layout, padding: 1)
        #expect(
            try encoded(odd, layout, width: 35, height: 21, bytesPerLine: 35)
                == encoded(even, layout, width: 35, height: 21, bytesPerLine: 36))
    }
}
