import MotionJPEG
import Testing

private func inspect(_ bytes: [UInt8], isTruncationAllowed: Bool = false) throws(JPEGDefect) -> JPEGInfo {
    try JPEG.inspect(RawSpan(_elements: bytes.span), isTruncationAllowed: isTruncationAllowed)
}

@Suite("JPEG markers")
struct JPEGTests {
    @Test(
        "size and end are found in baseline, extended and progressive pictures", arguments: [UInt8(0xC0), 0xC1, 0xC2])
    func frameHeaders(marker: UInt8) throws {
        let jpeg = SampleJPEG(width: 1283, height: 721, frameHeader: marker, dataByteCount: 5000).bytes
        #expect(try inspect(jpeg) == JPEGInfo(width: 1283, height: 721, byteCount: jpeg.count))
    }

    @Test(
        "a picture that browsers cannot decode, such as a lossless one, counts as having no frame header",
        arguments: [UInt8(0xC3), 0xC5, 0xC9, 0xCB, 0xCF])
    func otherProcesses(marker: UInt8) {
        #expect(throws: JPEGDefect.noFrameHeader) { try inspect(SampleJPEG(frameHeader: marker).bytes) }
    }

    @Test(
        "padding after the end is ignored",
        arguments: [
            [UInt8](repeating: 0, count: 70_000), [0], [0xD9], [0xFF], [0xFF, 0xD9], [1, 2, 3, 0xFF, 0xD9, 0],
        ])
    func padding(padding: [UInt8]) throws {
        let jpeg = SampleJPEG().bytes
        #expect(try inspect(jpeg + padding).byteCount == jpeg.count)
    }

    @Test("fill bytes before a marker are part of the picture, even before the end marker", arguments: 1...4)
    func fillBytes(count: Int) throws {
        let fill = [UInt8](repeating: 0xFF, count: count)
        let sample = SampleJPEG(
            segments: fill + SampleJPEG.segment(0xFE, [1, 2]), fill: fill, end: fill + [0xFF, 0xD9])
        #expect(try inspect(sample.bytes).byteCount == sample.bytes.count)
    }

    @Test("bytes between segments that are not markers are skipped")
    func garbageBetweenSegments() throws {
        let sample = SampleJPEG(segments: [0x12, 0x34, 0xFF, 0x00, 0x56])
        #expect(try inspect(sample.bytes).byteCount == sample.bytes.count)
    }

    @Test("the end of a thumbnail in the headers is not the end of the picture")
    func thumbnail() throws {
        let sample = SampleJPEG(segments: SampleJPEG.segment(0xE1, Array("Exif".utf8) + SampleJPEG(width: 160).bytes))
        let info = try inspect(sample.bytes)
        #expect(info.byteCount == sample.bytes.count)
        #expect(info.width == 640)
    }

    @Test("tables and comments between scans may contain the bytes of an end marker")
    func tablesBetweenScans() throws {
        let table = SampleJPEG.segment(0xDB, [0, 0xFF, 0xD9, 0xFF, 0xD8, 3])
        let sample = SampleJPEG(frameHeader: 0xC2, insertion: table)
        #expect(try inspect(sample.bytes).byteCount == sample.bytes.count)
    }

    @Test("a picture counts as truncated if a segment within its data claims a length beyond the picture's end")
    func lyingLengthInData() {
        let sample = SampleJPEG(insertion: [0xFF, 0xC4, 0xFF, 0xFF])
        #expect(throws: JPEGDefect.truncated) { try inspect(sample.bytes) }
    }

    @Test("the standard Huffman tables are inserted before the frame header of a picture without tables")
    func missingTables() throws {
        let sample = SampleJPEG(hasHuffmanTables: false)
        let jpeg = sample.bytes + [0, 0, 0]
        let info = try inspect(jpeg)
        let offset = try #require(info.huffmanTablesOffset)
        #expect(Array(jpeg[offset..<(offset + 2)]) == [0xFF, 0xC0])

        var repaired = [UInt8](repeating: 0xAA, count: info.repairedByteCount + 1)
        var span = repaired.mutableSpan
        var output = unsafe span.mutableBytes
        #expect(JPEG.write(RawSpan(_elements: jpeg.span), info, into: &output) == info.repairedByteCount)
        #expect(repaired == jpeg[..<offset] + JPEG.standardHuffmanTables + sample.bytes[offset...] + [0xAA])
        #expect(try inspect(repaired) == JPEGInfo(width: 640, height: 480, byteCount: repaired.count - 1))
    }

    @Test("a picture with Huffman tables is written unchanged, without padding")
    func unchanged() throws {
        let jpeg = SampleJPEG().bytes
        let info = try inspect(jpeg + [0, 0])
        #expect(info.huffmanTablesOffset == nil)
        var copy = [UInt8](repeating: 0, count: jpeg.count)
        var span = copy.mutableSpan
        var output = unsafe span.mutableBytes
        #expect(JPEG.write(RawSpan(_elements: (jpeg + [0, 0]).span), info, into: &output) == jpeg.count)
        #expect(copy == jpeg)
    }

    @Test("the standard tables are one DHT segment of the declared length")
    func standardTables() {
        let tables = JPEG.standardHuffmanTables
        #expect(Array(tables.prefix(4)) == [0xFF, 0xC4, 0x01, 0xA2])
        #expect(tables.count == 2 + 0x1A2)
    }

    private static let defective: [([UInt8], JPEGDefect)] = [
        ([], JPEGDefect.empty),
        ([0xFF], .noStart), ([0x00, 0x00], .noStart), (Array("<html>".utf8), .noStart), ([0xD8, 0xFF], .noStart),
        ([0xFF, 0xD8], .noFrameHeader), ([0xFF, 0xD8, 0xFF, 0xD9], .noFrameHeader),
        ([0xFF, 0xD8] + [UInt8](repeating: 0, count: 100), .noFrameHeader),
        ([0xFF, 0xD8, 0xFF, 0xD8, 0xFF], .noFrameHeader),
        ([0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x01], .noFrameHeader),
        (SampleJPEG(width: 0).bytes, .noFrameHeader), (SampleJPEG(height: 0).bytes, .noFrameHeader),
        ([0xFF, 0xD8] + SampleJPEG().frameHeaderSegment, .noScan),
        ([0xFF, 0xD8] + SampleJPEG().frameHeaderSegment + [0xFF, 0xD9], .noScan),
        (SampleJPEG(end: []).bytes, .truncated), (SampleJPEG(end: [0, 0, 0, 0]).bytes, .truncated),
        (SampleJPEG().head, .truncated),
    ]

    @Test("each defect is identified", arguments: defective)
    func defects(bytes: [UInt8], defect: JPEGDefect) {
        #expect(throws: defect) { try inspect(bytes) }
    }

    @Test("if truncation is allowed, a missing end is accepted, but no other defect is")
    func truncationAllowed() throws {
        let cut = SampleJPEG(end: []).bytes
        #expect(try inspect(cut + [0, 0, 0, 0], isTruncationAllowed: true).byteCount <= cut.count)
        #expect(try inspect(cut + [1], isTruncationAllowed: true).byteCount == cut.count + 1)
        #expect(throws: JPEGDefect.noScan) {
            try inspect([0xFF, 0xD8] + SampleJPEG().frameHeaderSegment, isTruncationAllowed: true)
        }
        #expect(throws: JPEGDefect.noStart) { try inspect([1, 2, 3], isTruncationAllowed: true) }
    }

    @Test("if several pictures follow each other, the first one is used")
    func merged() throws {
        let first = SampleJPEG(width: 320, seed: 1).bytes
        let info = try inspect(first + SampleJPEG(width: 640, seed: 2).bytes + SampleJPEG(seed: 3).bytes)
        #expect(info == JPEGInfo(width: 320, height: 480, byteCount: first.count))
    }

    @Test(
        "a truncated picture before another one is rejected; if truncation is allowed, it ends where the other begins")
    func cutAndMerged() throws {
        let cut = SampleJPEG(end: [0x55]).bytes
        #expect(throws: JPEGDefect.truncated) { try inspect(cut + SampleJPEG().bytes) }
        #expect(try inspect(cut + SampleJPEG().bytes, isTruncationAllowed: true).byteCount == cut.count)
    }

    @Test("no incomplete part of a picture is accepted")
    func everyPrefix() {
        let jpeg = SampleJPEG(segments: SampleJPEG.segment(0xE0, Array("JFIF".utf8)), dataByteCount: 100).bytes
        for count in 0..<jpeg.count {
            #expect(throws: JPEGDefect.self) { try inspect(Array(jpeg[..<count])) }
        }
    }

    @Test("the end is found at every position within a search block")
    func blockEdges() throws {
        for count in 0..<140 {
            let jpeg = SampleJPEG(dataByteCount: count, seed: count + 1).bytes
            #expect(try inspect(jpeg + [UInt8](repeating: 0x33, count: 70)).byteCount == jpeg.count)
        }
    }
}
