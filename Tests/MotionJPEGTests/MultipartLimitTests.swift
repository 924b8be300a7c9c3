import MotionJPEG
import Testing

@Suite("Limits of the multipart parser")
struct MultipartLimitTests {
    private let opening = lines("--frame\nContent-Type: image/jpeg\n\n")

    @Test("endless headers are an error, whether on one line or on many")
    func endlessHeaders() {
        let line = lines("--frame\nX-Long: ") + [UInt8](repeating: 0x41, count: 20_000)
        #expect(throws: MultipartError.headersTooLarge(limit: 16 * 1024)) { try parse(line) }
        let many = lines("--frame\n" + (0..<2000).map { "X-Header-\($0): value\n" }.joined())
        #expect(throws: MultipartError.headersTooLarge(limit: 16 * 1024)) { try parse(many) }
    }

    @Test("headers up to the limit are parsed")
    func longHeaders() throws {
        let field = "X-Long: " + String(repeating: "A", count: 4000) + "\n"
        let stream = lines("--frame\n\(field)\n") + samples[0]
        #expect(try parse(stream, maximumHeaderByteCount: field.utf8.count + 3).pictures == [samples[0]])
        #expect(throws: MultipartError.headersTooLarge(limit: 4000)) {
            try parse(stream, maximumHeaderByteCount: 4000)
        }
    }

    @Test("an endless part is an error", arguments: [0, 0x41, 0xFF])
    func endlessPart(filling: UInt8) {
        let head = SampleJPEG().head
        let endless = opening + head + [UInt8](repeating: filling, count: 30_000)
        #expect(throws: MultipartError.partTooLarge(limit: 20_000)) {
            try parse(endless, maximumPartByteCount: 20_000)
        }
        let noPicture = opening + [UInt8](repeating: filling, count: 30_000)
        #expect(throws: MultipartError.partTooLarge(limit: 20_000)) {
            try parse(noPicture, maximumPartByteCount: 20_000)
        }
    }

    @Test("a picture of exactly the maximum size is accepted, but one byte more is an error")
    func exactLimit() throws {
        let picture = samples[2]
        #expect(try parse(opening + picture, maximumPartByteCount: picture.count).pictures == [picture])
        #expect(throws: MultipartError.partTooLarge(limit: picture.count - 1)) {
            try parse(opening + picture, maximumPartByteCount: picture.count - 1)
        }
    }

    @Test("a stream without any boundary is an error")
    func noBoundary() {
        let html = lines(String(repeating: "<p>Please log in.</p>\n", count: 3000))
        #expect(throws: MultipartError.boundaryMissing(byteCount: 20_000)) {
            try parse(html, maximumPartByteCount: 20_000)
        }
    }

    @Test("an error of the handler is rethrown, and the next part is still parsed")
    func throwingHandler() throws {
        struct Stop: Error {}
        let stream = ownStream(samples)
        var parser = try MultipartParser(contentType: Multipart.contentType)
        #expect(throws: Stop.self) {
            try parser.feed(RawSpan(_elements: stream.span)) { _, _ in throw Stop() }
        }
        var pictures: [[UInt8]] = []
        try parser.feed(RawSpan(_elements: [UInt8]().span)) { _, _ in }
        try parser.feed(RawSpan(_elements: [0x0D].span)) { _, bytes in pictures.append(array(bytes)) }
        #expect(pictures == Array(samples.dropFirst()))
    }
}
