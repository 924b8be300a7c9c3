import MotionJPEG
import Testing

/// Returns `bytes` after up to four random changes: a byte is replaced, or a piece is inserted, duplicated or removed.
private func mutated(_ bytes: [UInt8], _ random: inout Xorshift) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
        guard !bytes.isEmpty else { return bytes }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 1...40, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] = [0xFF, 0x00, 0xD8, 0xD9, 0xDA, 0xC4, 0x0A, 0x2D].randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 4: bytes.removeLast(bytes.count - at)
        case 5: bytes.insert(0xFF, at: at)
        default: bytes.insert(contentsOf: Array("\r\n--frame\r\n".utf8), at: at)
        }
    }
    return bytes
}

@Suite("Arbitrary bytes")
struct HostileInputTests {
    @Test("no mutation of a picture crashes the inspection, and accepted pictures are complete")
    func pictures() {
        var passed = 0
        for seed in 1...2000 {
            var random = Xorshift(seed: seed)
            let sample = SampleJPEG(
                frameHeader: [0xC0, 0xC2].randomElement(using: &random) ?? 0xC0,
                hasHuffmanTables: Bool.random(using: &random), segments: SampleJPEG.segment(0xE0, [1, 2, 3]),
                dataByteCount: Int.random(in: 0...150, using: &random), seed: seed)
            let bytes = mutated(sample.bytes, &random)
            guard let info = try? JPEG.inspect(RawSpan(_elements: bytes.span)) else { continue }
            passed += 1
            #expect(info.byteCount <= bytes.count && info.width > 0 && info.height > 0)
            #expect(bytes[info.byteCount - 2] == 0xFF && bytes[info.byteCount - 1] == 0xD9)
            #expect((info.huffmanTablesOffset ?? 2) <= info.byteCount)
            // Inspecting only the bytes of the picture, without what follows it, must have the same result.
            let again = try? JPEG.inspect(RawSpan(_elements: bytes.span.extracting(0..<info.byteCount)))
            #expect(again == info)
            _ = try? JPEG.inspect(RawSpan(_elements: bytes.span), isTruncationAllowed: true)
        }
        #expect(passed > 200)
    }

    @Test("no mutation of a stream crashes the parser or tears a picture, however the stream is split into slices")
    func streams() throws {
        let small = (1...3).map { SampleJPEG(dataByteCount: $0 * 30, seed: $0).bytes }
        let originals = [
            ownStream(small), ownStream(small, advancesHeaders: true), stream(of: small) { lines("--frame\n\n") + $0 },
        ]
        for seed in 1...700 {
            var random = Xorshift(seed: seed)
            let bytes = mutated(originals[seed % originals.count], &random)
            let whole = Result { try parse(bytes, maximumPartByteCount: 600) }
            let slices = (0..<40).map { _ in Int.random(in: 0...60, using: &random) }
            let sliced = Result { try parse(bytes, slices: slices, maximumPartByteCount: 600) }
            switch (whole, sliced) {
            case (.success(let first), .success(let second)):
                #expect(first == second, "seed \(seed)")
                for picture in first.pictures {
                    let info = try? JPEG.inspect(RawSpan(_elements: picture.span))
                    #expect(info?.byteCount == picture.count, "seed \(seed)")
                }
            case (.failure(let first), .failure(let second)):
                #expect(first as? MultipartError == second as? MultipartError, "seed \(seed)")
            default:
                Issue.record("seed \(seed): \(whole) in one slice, \(sliced) in several")
            }
        }
    }

    @Test("random bytes yield no picture and do not crash")
    func noise() throws {
        for seed in 1...300 {
            var random = Xorshift(seed: seed)
            let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(throws: JPEGDefect.self) { try JPEG.inspect(RawSpan(_elements: ([0xFF, 0xD8] + noise).span)) }
            #expect(try parse(noise).isEmpty)
        }
    }
}
