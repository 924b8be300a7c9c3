import MotionJPEG
import Testing

@Suite("Multipart streams split into slices")
struct MultipartSliceTests {
    /// A picture without Huffman tables, with fill bytes before its frame header.
    private static let fillBytes = SampleJPEG(
        hasHuffmanTables: false, fill: [0xFF, 0xFF, 0xFF], dataByteCount: 50
    ).bytes

    /// A picture that contains a complete boundary with a header.
    private static let withBoundary = SampleJPEG(dataByteCount: 100, insertion: lines("\n--frame\nA: b\n\n")).bytes

    /// Streams with all constructs whose parsing could depend on where a slice ends.
    private static let streams: [[UInt8]] = [
        ownStream(samples),
        ownStream(samples, advancesHeaders: true),
        ownStream([fillBytes, fillBytes]),
        lines("preamble --frame\n--frame\n--frame\nContent-Length: 100\n\n") + samples[1]
            + lines("--frame\nX-Timestamp: 5.25\n\n\n") + samples[1].dropLast(30) + lines("\n--frame\n\n") + samples[1]
            + samples[1] + [0, 0, 0] + Array("\n--frame--\n--frame\n\nhello\n--frame\nContent-Length: 900\n\n".utf8)
            + samples[1] + lines("\n--frame--\n"),
        lines("--frame\nContent-Length: \(withBoundary.count)\n\n") + withBoundary
            + lines("\n--frame\nContent-Length: 1\n\n") + samples[1].prefix(70) + lines("\n--frame\n\n") + samples[1],
    ]

    @Test("splitting a stream at any one place does not change its parts", arguments: streams.indices)
    func oneCut(index: Int) throws {
        let stream = Self.streams[index]
        let whole = try parse(stream)
        #expect(whole.count >= 2)
        for cut in 0...stream.count {
            #expect(try parse(stream, slices: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test("splitting a stream into single bytes or random slices does not change its parts", arguments: streams.indices)
    func manyCuts(index: Int) throws {
        let stream = Self.streams[index]
        let whole = try parse(stream)
        #expect(try parse(stream, slices: [Int](repeating: 1, count: stream.count)) == whole)
        for seed in 1...30 {
            var random = Xorshift(seed: seed)
            let slices = (0..<200).map { _ in Int.random(in: 0...(seed * 3), using: &random) }
            #expect(try parse(stream, slices: slices) == whole, "seed \(seed)")
        }
    }
}
