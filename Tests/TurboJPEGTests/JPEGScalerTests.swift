import MotionJPEG
import Testing
import TurboJPEG

@Suite("JPEGScaler")
struct JPEGScalerTests {
    @Test(
        "the scaler uses the smallest scale that is wide enough, and the result shows the same picture",
        arguments: [
            (1920, 1080, 640, 720, 405), (1280, 720, 640, 640, 360), (1280, 720, 320, 320, 180),
            (640, 480, 320, 320, 240), (641, 359, 320, 321, 180), (641, 359, 500, 561, 315),
        ])
    func sizes(width: Int, height: Int, minimum: Int, newWidth: Int, newHeight: Int) throws {
        let jpeg = try Self.sample(width, height)
        let result = try #require(try scaled(jpeg, toWidth: minimum))
        #expect(result.width == newWidth && result.height == newHeight && result.warning == nil)
        #expect(result.byteCount < jpeg.count)
        let info = try JPEG.inspect(RawSpan(_elements: result.bytes.span))
        #expect(info == JPEGInfo(width: newWidth, height: newHeight, byteCount: result.byteCount))
        try expectSamePicture(result, jpeg)
    }

    @Test(
        "the scaler keeps the chroma subsampling and the colours",
        arguments: [
            [(1, 1), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)],
            [(4, 1), (1, 1), (1, 1)], [(1, 1)],
            // Unusual factors with the same ratios as 4:2:2, 4:4:0, 4:4:4 and grey.
            [(2, 2), (1, 2), (1, 2)], [(2, 2), (2, 1), (2, 1)], [(1, 2), (1, 2), (1, 2)], [(2, 2)],
        ])
    func subsamplings(factors: [(Int, Int)]) throws {
        for (width, height) in [(208, 112), (203, 117)] {
            var original = BaselineJPEG(
                width: width, height: height, factors: factors, colorSpace: factors.count == 1 ? .grey : .yCbCr)
            // At an eighth of the size, a chroma sample of 4:1:1 covers 32 pixels, so use wider waves.
            if factors[0].0 == 4 { original.color = { waves($0 / 4, $1) } }
            let jpeg = original.bytes
            for minimum in [width / 8, width * 3 / 8, width / 2, width * 7 / 8] {
                let result = try #require(try scaled(jpeg, toWidth: minimum))
                #expect(result.warning == nil)
                #expect(ratios(result.bytes) == ratios(jpeg), "\(width)x\(height) to \(minimum)")
                try expectSamePicture(result, jpeg)
            }
        }
    }

    @Test("other subsamplings become 4:2:0, pictures stored as RGB become 4:4:4, and both keep their colours")
    func otherKinds() throws {
        for factors in [[(4, 2), (1, 1), (1, 1)], [(1, 4), (1, 1), (1, 1)], [(2, 2), (2, 1), (1, 1)]] {
            let original = BaselineJPEG(width: 203, height: 117, factors: factors)
            let result = try #require(try scaled(original.bytes, toWidth: 100))
            #expect(ratios(result.bytes) == [[1, 1], [2, 2], [2, 2]])
            try expectSamePicture(result, original.pixels, width: 203, height: 117)
        }
        let rgb = BaselineJPEG(width: 203, height: 117, factors: [(1, 1), (1, 1), (1, 1)], colorSpace: .rgb).bytes
        let result = try #require(try scaled(rgb, toWidth: 100))
        #expect(ratios(result.bytes) == [[1, 1], [1, 1], [1, 1]])
        try expectSamePicture(result, rgb)
    }

    @Test("nil is returned if no scale makes the picture smaller")
    func noScale() throws {
        let jpeg = try Self.sample(640, 480)
        for minimum in [561, 639, 640, 641, 4000, .max] { #expect(try scaled(jpeg, toWidth: minimum) == nil) }
        #expect(try scaled(jpeg, toWidth: 560)?.width == 560)
        for minimum in [80, 1, 0, -1, .min] { #expect(try scaled(jpeg, toWidth: minimum)?.width == 80) }
        for side in 1...40 {
            let small = try Self.sample(side, 41 - side)
            for minimum in 1...side {
                let result = try scaled(small, toWidth: minimum)
                guard let result else { continue }
                #expect(result.width >= minimum && result.width < side)
                let picture = try decoded(result.bytes)
                #expect(picture.width == result.width && picture.height == result.height)
            }
        }
    }

    @Test("Exif is kept and other segments are not")
    func exif() throws {
        let jpeg = try Self.sample(320, 240)
        let plain = try #require(try scaled(jpeg, toWidth: 160)).bytes
        for length in [40, 65527] {
            let exif = segment(0xE1, Array("Exif".utf8) + [0, 0] + [UInt8](repeating: 0x2A, count: length))
            let others = segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8)) + segment(0xFE, [1, 2, 3])
            let marked = Array(jpeg[..<20]) + others + exif + segment(0xE2, [4, 5]) + exif + jpeg[20...]
            let result = try #require(try scaled(marked, toWidth: 160))
            #expect(result.bytes == Array(plain[..<20]) + exif + plain[20...])
            #expect(try decoded(result.bytes).pixels == decoded(plain).pixels)
        }
    }

    @Test(
        "a picture without Huffman tables is decoded with the standard tables, not with the previous picture's tables")
    func withoutTables() throws {
        let jpeg = try Self.sample(320, 240)
        let other = BaselineJPEG(width: 96, height: 64, factors: [(2, 2), (1, 1), (1, 1)], swapsTables: true).bytes
        try expectSamePicture(#require(try scaled(other, toWidth: 48)), other)
        var scaler = try JPEGScaler()
        let expected = try scaler.scale(RawSpan(_elements: jpeg.span), toWidth: 160)
        _ = try scaler.scale(RawSpan(_elements: other.span), toWidth: 48)
        let bare = withoutHuffmanTables(jpeg)
        #expect(bare.count < jpeg.count)
        #expect(try scaler.scale(RawSpan(_elements: bare.span), toWidth: 160) == expected)
    }

    @Test("missing parts of a damaged picture are grey, not the previous picture")
    func damage() throws {
        let factors = [(2, 2), (1, 1), (1, 1)]
        let white = BaselineJPEG(width: 160, height: 128, factors: factors) { _, _ in (255, 255, 255) }.bytes
        let dark = BaselineJPEG(width: 160, height: 128, factors: factors) { x, y in (Double(x & 3), Double(y & 3), 9) }
        var scaler = try JPEGScaler(quality: 95)
        func scale(_ jpeg: [UInt8]) throws -> JPEGScaler.Result? {
            _ = try scaler.scale(RawSpan(_elements: white.span), toWidth: 80)
            return try scaler.scale(RawSpan(_elements: jpeg.span), toWidth: 80)
        }
        let whole = dark.bytes
        let cut = try #require(try scale(Array(whole.prefix(whole.count / 2))))
        #expect(cut.warning != nil)
        let picture = try decoded(cut.bytes)
        #expect(picture.pixel(40, 5).allSatisfy { $0 < 20 })
        #expect(picture.pixel(40, 60).allSatisfy { abs($0 - 128) < 4 })

        // libjpeg warns about the missing data. It then stops at the second frame header, before it has decoded a line.
        var scans = dark
        scans.isInterleaved = false
        let bytes = scans.bytes
        #expect(try scale(bytes)?.warning == nil)
        let frameHeader = segment(0xC0, [8, 0, 128, 0, 160, 1, 1, 0x11, 0])
        let stopped = try #require(try scale(Array(bytes.prefix(bytes.count / 3)) + frameHeader + [0xFF, 0xD9]))
        #expect(try decoded(stopped.bytes).pixels.allSatisfy { abs(Int($0) - 128) < 4 })
    }

    @Test("a result does not change when the scaler scales another picture")
    func results() throws {
        var scaler = try JPEGScaler()
        let first = try Self.sample(320, 240)
        let second = BaselineJPEG(width: 320, height: 240, factors: [(1, 1)], colorSpace: .grey).bytes
        let kept = try #require(try scaler.scale(RawSpan(_elements: first.span), toWidth: 160))
        let copy = Array(kept.bytes[...])
        let other = try scaler.scale(RawSpan(_elements: second.span), toWidth: 160)
        #expect(kept.bytes == copy && other?.bytes != copy)
        #expect(try scaler.scale(RawSpan(_elements: first.span), toWidth: 160) == kept)
    }

    @Test("a higher quality makes larger JPEGs")
    func quality() throws {
        let jpeg = try Self.sample(320, 240)
        func byteCount(_ quality: Int) throws -> Int {
            var scaler = try JPEGScaler(quality: quality)
            return try #require(try scaler.scale(RawSpan(_elements: jpeg.span), toWidth: 160)).byteCount
        }
        #expect(try byteCount(20) < byteCount(75) && byteCount(75) < byteCount(95))
        #expect(try byteCount(-5) == byteCount(1) && byteCount(1000) == byteCount(100))
    }

    @Test("invalid data, and pictures that are too large or of an unsupported kind, are refused with the reason")
    func refusals() throws {
        let jpeg = BaselineJPEG(width: 64, height: 48, factors: [(1, 1)], colorSpace: .grey).bytes
        let header = try #require((0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        func reason(_ bytes: [UInt8]) -> String? {
            let error = #expect(throws: TurboJPEGError.self) { try scaled(bytes, toWidth: 1) }
            return error?.description
        }
        func changed(_ changes: [(Int, UInt8)]) -> [UInt8] {
            var bytes = jpeg
            for (offset, byte) in changes { bytes[header + offset] = byte }
            return bytes
        }
        #expect(reason([]) == "scale a picture: the data is not a JPEG")
        #expect(reason(Array("<html></html>".utf8)) == "scale a picture: the data is not a JPEG")
        #expect(reason(Array(jpeg[..<header])) == "scale a picture: the picture ends before its data")
        #expect(reason(changed([(1, 0xC3)]))?.contains("lossless") == true)
        let huge = [(5, UInt8(0xF0)), (6, 0), (7, 0xF0), (8, 0)]
        #expect(reason(changed(huge))?.contains("too many") == true)
        #expect(reason(changed([(1, 0xC2), (5, 0x20), (7, 0x20)]))?.contains("too many") == true)
    }

    @Test("no mutation of a picture crashes the scaler or reveals the previous picture")
    func mutations() throws {
        let kinds: [([(Int, Int)], Bool)] = [
            ([(2, 2), (1, 1), (1, 1)], true), ([(2, 1), (1, 1), (1, 1)], false), ([(4, 1), (1, 1), (1, 1)], true),
            ([(1, 1)], true), ([(4, 2), (1, 1), (1, 1)], true),
        ]
        var state: UInt64 = 88_172_645_463_325_252
        func random(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        var scaler = try JPEGScaler()
        for (factors, isInterleaved) in kinds {
            let jpeg = BaselineJPEG(width: 51, height: 43, factors: factors, isInterleaved: isInterleaved).bytes
            for _ in 0..<300 {
                var bytes = jpeg
                for _ in 0...random(3) {
                    switch random(3) {
                    case 0: bytes[random(bytes.count)] = UInt8(random(256))
                    case 1: bytes[random(bytes.count)] = 0xFF
                    default: bytes.removeLast(random(bytes.count))
                    }
                }
                // Skip a mutated picture if its header now states a huge size.
                let size = try? JPEGDecoder().size(of: RawSpan(_elements: bytes.span))
                if let size, size.width * size.height > 1_000_000 { continue }
                let minimum = random(60)
                let result = try? scaler.scale(RawSpan(_elements: bytes.span), toWidth: minimum)
                let fresh = try? scaled(bytes, toWidth: minimum, quality: 75)
                #expect(result == fresh)
            }
        }
    }

    private static func sample(_ width: Int, _ height: Int) throws -> [UInt8] {
        let (columns, lines) = ((width + 1) / 2, (height + 1) / 2)
        func luma(_ color: (Double, Double, Double)) -> Double { 0.299 * color.0 + 0.587 * color.1 + 0.114 * color.2 }
        var (blue, red): ([UInt8], [UInt8]) = ([], [])
        for y in 0..<lines {
            for x in 0..<columns {
                let color = waves(2 * x, 2 * y)
                blue.append(UInt8(128 + (color.2 - luma(color)) / 1.772))
                red.append(UInt8(128 + (color.0 - luma(color)) / 1.402))
            }
        }
        let samples = (0..<height).flatMap { y in (0..<(columns * 2)).map { UInt8(luma(waves($0, y))) } }
        return try encoded(samples + blue + red, .i420, width: width, height: height)
    }
}

private func scaled(_ jpeg: [UInt8], toWidth minimum: Int, quality: Int = 95) throws -> JPEGScaler.Result? {
    var scaler = try JPEGScaler(quality: quality)
    return try scaler.scale(RawSpan(_elements: jpeg.span), toWidth: minimum)
}

private func segment(_ marker: UInt8, _ parameters: [UInt8]) -> [UInt8] {
    let length = parameters.count + 2
    return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + parameters
}

/// Returns, for each component, how many pixels share one sample across and down.
private func ratios(_ jpeg: [UInt8]) -> [[Int]] {
    let header = (0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 } ?? 0
    let factors = (0..<Int(jpeg[header + 9])).map { index in
        let factor = Int(jpeg[header + 11 + 3 * index])
        return [factor >> 4, factor & 15]
    }
    // The factors of a JPEG with only one component have no effect.
    guard factors.count > 1 else { return [[1, 1]] }
    let maximum = [factors.map { $0[0] }.max() ?? 1, factors.map { $0[1] }.max() ?? 1]
    return factors.map { [maximum[0] / $0[0], maximum[1] / $0[1]] }
}

/// Expects a scaled picture to look like the original.
///
/// For the comparison, the original is scaled by computing means of its pixels.
private func expectSamePicture(
    _ result: JPEGScaler.Result, _ original: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let source = try decoded(original)
    try expectSamePicture(
        result, source.pixels, width: source.width, height: source.height, sourceLocation: sourceLocation)
}

/// Expects a scaled picture to look like the original picture in `pixels`.
///
/// For the comparison, the original is scaled by computing means of its pixels.
private func expectSamePicture(
    _ result: JPEGScaler.Result, _ pixels: [UInt8], width: Int, height: Int,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let actual = try decoded(result.bytes)
    #expect(actual.width == result.width && actual.height == result.height, sourceLocation: sourceLocation)
    let eighths = try #require((1...8).first { (width * $0 + 7) / 8 == result.width })
    /// Scales each line to `eighths / 8` of its length.
    ///
    /// Each new sample is the mean of the old samples that it covers.
    func means(_ samples: [UInt8], lines: Int, length: Int, step: Int, to newLength: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(lines * newLength * step)
        for line in 0..<lines {
            for position in 0..<(newLength * step) {
                let (target, offset) = (position / step, position % step)
                var sum = 4
                for part in 0..<8 {
                    let index = min(length - 1, (target * 8 + part) / eighths)
                    sum += Int(samples[(line * length + index) * step + offset])
                }
                output.append(UInt8(sum / 8))
            }
        }
        return output
    }
    let narrow = means(pixels, lines: height, length: width, step: 3, to: result.width)
    let expected = means(narrow, lines: 1, length: height, step: result.width * 3, to: result.height)
    var squares = 0
    for index in expected.indices {
        let difference = Int(expected[index]) - Int(actual.pixels[index])
        squares += difference * difference
    }
    // The mean squared error at a peak signal-to-noise ratio of 32 dB is 255² / 10^3.2, about 41.
    let error = Double(squares) / Double(expected.count)
    #expect(error < 41, "\(width)x\(height) to \(result.width)", sourceLocation: sourceLocation)
}
