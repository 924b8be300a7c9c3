import Testing
import TurboJPEG

@Suite("JPEGDecoder")
struct JPEGDecoderTests {
    private static func sample(_ width: Int = 131, _ height: Int = 99) throws -> [UInt8] {
        try encoded(TestPicture(width: width, height: height).pixels(.i420), .i420, width: width, height: height)
    }

    @Test("a picture decoded at a smaller scale has the expected size and the same colours")
    func scales() throws {
        let jpeg = try Self.sample(320, 240)
        #expect(JPEGDecoder.scales.contains(.full) && JPEGDecoder.scales.contains(.eighth))
        for scale in JPEGDecoder.scales {
            let picture = try decoded(jpeg, scale: scale)
            #expect(picture.width == scale(320) && picture.height == scale(240))
            #expect(abs(picture.pixel(scale(20), scale(60))[0] - 230) < 8)
        }
    }

    @Test("if a scale does not divide a side evenly, the scaled side is rounded up")
    func rounding() throws {
        let picture = try decoded(Self.sample(), scale: .quarter)
        #expect(picture.width == 33 && picture.height == 25)
    }

    @Test("decoding to RGB, BGR and grey results in matching pixels")
    func formats() throws {
        let jpeg = try Self.sample()
        let rgb = try decoded(jpeg, to: .rgb24).pixel(40, 20)
        #expect(try decoded(jpeg, to: .bgr24).pixel(40, 20) == rgb.reversed())
        let luma = Int(0.299 * Double(rgb[0]) + 0.587 * Double(rgb[1]) + 0.114 * Double(rgb[2]))
        #expect(abs(try decoded(jpeg, to: .grey).pixel(40, 20)[0] - luma) <= 2)
    }

    @Test("the output's lines may have padding, which the decoder does not write to")
    func linePadding() throws {
        let jpeg = try Self.sample(40, 30)
        let plain = try decoded(jpeg)
        var memory = [UInt8](repeating: 0xEE, count: 130 * 30)
        var span = memory.mutableSpan
        var output = unsafe span.mutableBytes
        let warning = try JPEGDecoder().decode(
            RawSpan(_elements: jpeg.span), to: .rgb24, width: 40, height: 30, bytesPerLine: 130, into: &output)
        #expect(warning == nil)
        for line in 0..<30 {
            #expect(memory[(line * 130)..<(line * 130 + 120)] == plain.pixels[(line * 120)..<((line + 1) * 120)])
            #expect(memory[(line * 130 + 120)..<((line + 1) * 130)].allSatisfy { $0 == 0xEE })
        }
    }

    @Test("damaged data is decoded with a warning, and invalid data is refused")
    func damage() throws {
        let jpeg = try Self.sample()
        let cut = try decoded(Array(jpeg.prefix(jpeg.count / 2)))
        #expect(cut.warning != nil)
        #expect(cut.width == 131)
        #expect(throws: TurboJPEGError.self) { try decoded(Array("<html></html>".utf8)) }
        #expect(throws: TurboJPEGError.self) { try decoded([]) }
    }

    @Test("an output size that matches no scale is refused, and so is too little memory")
    func refusals() throws {
        let jpeg = try Self.sample(64, 64)
        func attempt(width: Int, height: Int, bytesPerLine: Int, capacity: Int) throws {
            var memory = [UInt8](repeating: 0, count: capacity)
            var span = memory.mutableSpan
            var output = unsafe span.mutableBytes
            _ = try JPEGDecoder().decode(
                RawSpan(_elements: jpeg.span), to: .grey, width: width, height: height, bytesPerLine: bytesPerLine,
                into: &output)
        }
        try attempt(width: 64, height: 64, bytesPerLine: 64, capacity: 4096)
        try attempt(width: 32, height: 32, bytesPerLine: 32, capacity: 1024)
        #expect(throws: TurboJPEGError.self) { try attempt(width: 63, height: 64, bytesPerLine: 64, capacity: 4096) }
        #expect(throws: TurboJPEGError.self) { try attempt(width: 64, height: 64, bytesPerLine: 63, capacity: 4096) }
        #expect(throws: TurboJPEGError.self) { try attempt(width: 64, height: 64, bytesPerLine: 64, capacity: 4095) }
        #expect(throws: TurboJPEGError.self) { try attempt(width: 64, height: 64, bytesPerLine: .max, capacity: 9) }
    }

    @Test(
        "a picture without Huffman tables is decoded with the standard tables, not with the previous picture's tables")
    func withoutTables() throws {
        let jpeg = try Self.sample(96, 64)
        let other = BaselineJPEG(width: 96, height: 64, factors: [(2, 2), (1, 1), (1, 1)], swapsTables: true).bytes
        let bare = withoutHuffmanTables(jpeg)
        let decoder = try JPEGDecoder()
        _ = try decoder.decode(RawSpan(_elements: other.span))
        #expect(try decoder.decode(RawSpan(_elements: bare.span)).pixels == decoded(jpeg).pixels)
        let transformer = try JPEGTransformer()
        func turned(_ jpeg: [UInt8]) throws -> [UInt8] {
            try bytes(capacity: JPEGTransformer.bound(width: 96, height: 64)) {
                try transformer.transform(RawSpan(_elements: jpeg.span), .rotate180, into: &$0).byteCount
            }
        }
        let expected = try turned(jpeg)
        _ = try turned(other)
        #expect(try turned(bare) == expected)
        let retoucher = try JPEGRetoucher(quality: 95)
        let untouched = try retoucher.retouch(RawSpan(_elements: jpeg.span)) { _, _, _ in }
        _ = try retoucher.retouch(RawSpan(_elements: other.span)) { _, _, _ in }
        #expect(try retoucher.retouch(RawSpan(_elements: bare.span)) { _, _, _ in } == untouched)
    }

    @Test("missing parts of a damaged picture are grey, not what the memory held before")
    func missingParts() throws {
        var dark = BaselineJPEG(width: 160, height: 128, factors: [(2, 2), (1, 1), (1, 1)]) { x, y in
            (Double(x & 3), Double(y & 3), 9)
        }
        dark.isInterleaved = false
        let whole = dark.bytes
        // libjpeg warns about the missing data. It then stops at the second frame header, before it has decoded a line.
        let frameHeader: [UInt8] = [0xFF, 0xC0, 0, 11, 8, 0, 128, 0, 160, 1, 1, 0x11, 0]
        let jpeg = Array(whole.prefix(whole.count / 3)) + frameHeader + [0xFF, 0xD9]
        var memory = [UInt8](repeating: 0xEE, count: 160 * 128 * 3)
        var span = memory.mutableSpan
        var output = unsafe span.mutableBytes
        let warning = try JPEGDecoder().decode(
            RawSpan(_elements: jpeg.span), to: .rgb24, width: 160, height: 128, bytesPerLine: 480, into: &output)
        #expect(warning != nil)
        #expect(!memory.contains(0xEE))
    }
}
