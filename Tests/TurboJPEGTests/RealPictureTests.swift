import MotionJPEG
import Testing
import TurboJPEG

/// Returns a copy of a JPEG without Huffman tables (DHT segments), which many cameras omit.
func withoutHuffmanTables(_ jpeg: [UInt8]) -> [UInt8] {
    var bytes = jpeg
    while let start = bytes.indices.dropLast().first(where: { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC4 }) {
        bytes.removeSubrange(start..<(start + 2 + Int(bytes[start + 2]) << 8 + Int(bytes[start + 3])))
    }
    return bytes
}

@Suite("Markers of real pictures")
struct RealPictureTests {
    @Test("the end of an encoded JPEG is found, whatever padding follows it", arguments: PixelLayout.allCases)
    func inspection(layout: PixelLayout) throws {
        let picture = TestPicture(width: 150, height: 77)
        let jpeg = try encoded(picture.pixels(layout), layout, width: 150, height: 77)
        for padding in [0, 1, 3000] {
            let padded = jpeg + [UInt8](repeating: 0, count: padding)
            let info = try JPEG.inspect(RawSpan(_elements: padded.span))
            #expect(info == JPEGInfo(width: 150, height: 77, byteCount: jpeg.count))
        }
    }

    @Test("the standard Huffman tables are the tables with which libjpeg encodes")
    func tables() throws {
        let jpeg = try encoded([UInt8](repeating: 9, count: 96), .i420, width: 8, height: 8)
        var tables: [UInt8] = []
        var position = 2
        while jpeg[position + 1] != 0xDA {
            let length = Int(jpeg[position + 2]) << 8 + Int(jpeg[position + 3])
            if jpeg[position + 1] == 0xC4 { tables += jpeg[(position + 4)..<(position + 2 + length)] }
            position += 2 + length
        }
        #expect(tables == Array(JPEG.standardHuffmanTables.dropFirst(4)))
    }

    @Test("a picture without its Huffman tables decodes to the same pixels after repair")
    func repair() throws {
        let picture = TestPicture(width: 100, height: 60)
        let jpeg = try encoded(picture.pixels(.yuyv), .yuyv, width: 100, height: 60)
        let bare = withoutHuffmanTables(jpeg)
        let info = try JPEG.inspect(RawSpan(_elements: bare.span))
        #expect(info.huffmanTablesOffset != nil)
        let repaired = try bytes(capacity: info.repairedByteCount) { output in
            JPEG.write(RawSpan(_elements: bare.span), info, into: &output)
        }
        let after = try JPEG.inspect(RawSpan(_elements: repaired.span))
        #expect(after.huffmanTablesOffset == nil && after.byteCount == repaired.count)
        #expect(try decoded(repaired).pixels == decoded(jpeg).pixels)
    }

    @Test("no mutation of a real picture crashes the inspection, the decoder or the transformer")
    func mutations() throws {
        let picture = TestPicture(width: 48, height: 40)
        let jpeg = try encoded(picture.pixels(.i420), .i420, width: 48, height: 40, quality: 60)
        let decoder = try JPEGDecoder()
        let transformer = try JPEGTransformer()
        var state: UInt64 = 88_172_645_463_325_252
        func random(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        var memory = [UInt8](repeating: 0, count: JPEGTransformer.bound(width: 48, height: 40))
        for _ in 0..<1500 {
            var bytes = jpeg
            for _ in 0...random(3) {
                switch random(3) {
                case 0: bytes[random(bytes.count)] = UInt8(random(256))
                case 1: bytes[random(bytes.count)] = 0xFF
                default: bytes.removeLast(random(bytes.count))
                }
            }
            _ = try? JPEG.inspect(RawSpan(_elements: bytes.span))
            // Skip a mutated picture if its header now states a huge size.
            let size = try? decoder.size(of: RawSpan(_elements: bytes.span))
            guard let size, size.width * size.height < 10_000 else { continue }
            _ = try? decoder.decode(RawSpan(_elements: bytes.span))
            var span = memory.mutableSpan
            var output = unsafe span.mutableBytes
            _ = try? transformer.transform(RawSpan(_elements: bytes.span), .rotate90, into: &output)
        }
    }
}
