import Testing
import TurboJPEG

@Suite("JPEGDecoder")
struct JPEGDecoderTests {
    private static func sample(_ width: Int = 131, _ height: Int = 99) throws -> [UInt8] {
        try encoded(TestPicture(width: width, height: height).pixels(.i420), .i420, width: width, height: height)
    }

    @Test("a scaled picture has the expected size, and the same colours")
    func scales() throws {
        let jpeg = try Self.sample(320, 240)
        #expect(JPEGDecoder.scales.contains(.full) && JPEGDecoder.scales.contains(.eighth))
        for scale in JPEGDecoder.scales {
            let picture = try decoded(jpeg, scale: scale)
            #expect(picture.width == scale(320) && picture.height == scale(240))
            #expect(abs(picture.pixel(scale(20), scale(60))[0] - 230) < 8)
        }
    }

    @Test("sides that a scale does not divide are rounded up")
    func rounding() throws {
        let picture = try decoded(Self.sample(), scale: .quarter)
        #expect(picture.width == 33 && picture.height == 25)
    }

    @Test("the three formats agree")
    func formats() throws {
        let jpeg = try Self.sample()
        let rgb = try decoded(jpeg, to: .rgb24).pixel(40, 20)
        #expect(try decoded(jpeg, to: .bgr24).pixel(40, 20) == rgb.reversed())
        let luma = Int(0.299 * Double(rgb[0]) + 0.587 * Double(rgb[1]) + 0.114 * Double(rgb[2]))
        #expect(abs(try decoded(jpeg, to: .grey).pixel(40, 20)[0] - luma) <= 2)
    }

    @Test("lines may have padding, which is not touched")
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

    @Test("sizes that match no scale, and too little memory, are refused")
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
}
