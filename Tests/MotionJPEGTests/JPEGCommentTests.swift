import MotionJPEG
import Testing

@Suite("Comments in a JPEG")
struct JPEGCommentTests {
    private static let tag = Array("TAG ".utf8)

    private func find(_ jpeg: [UInt8]) -> String? {
        JPEGComment.find(Self.tag, in: RawSpan(_elements: jpeg.span)).map {
            String(decoding: jpeg[$0.contents], as: UTF8.self)
        }
    }

    private func offset(_ jpeg: [UInt8]) -> Int? { JPEGComment.insertionOffset(in: RawSpan(_elements: jpeg.span)) }

    @Test("a comment is inserted after the start marker, or after the APP0 segments that must come first")
    func insertion() {
        let plain = SampleJPEG().bytes
        #expect(offset(plain) == 2)
        let application: [UInt8] = [0xff, 0xe0, 0, 6, 1, 2, 3, 4]
        #expect(offset([0xff, 0xd8] + application + application + plain.dropFirst(2)) == 18)
        let exif: [UInt8] = [0xff, 0xe1, 0, 4, 1, 2]
        #expect(offset([0xff, 0xd8] + application + exif + plain.dropFirst(2)) == 10)
        #expect(offset([]) == nil)
        #expect(offset([0xff, 0xd9, 0xff, 0xda]) == nil)
        // A length that points beyond the picture is not followed.
        #expect(offset([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 1]) == 2)
    }

    @Test("the first comment with the tag is found, whatever other comments the picture has")
    func finding() {
        let plain = SampleJPEG().bytes
        let ours = JPEGComment.segment(Self.tag + Array("one".utf8))
        let other = JPEGComment.segment(Array("TAX and more".utf8))
        let short = JPEGComment.segment(Array("TA".utf8))
        #expect(find(plain) == nil)
        #expect(find([0xff, 0xd8] + ours + plain.dropFirst(2)) == "one")
        #expect(find([0xff, 0xd8] + short + other + ours + plain.dropFirst(2)) == "one")
        #expect(find([0xff, 0xd8] + JPEGComment.segment(Self.tag) + ours + plain.dropFirst(2)) == "")
    }

    @Test("a comment in the picture's data, and one whose length points beyond the picture, are not found")
    func noComment() {
        let inData = SampleJPEG(insertion: JPEGComment.segment(Self.tag + [1])).bytes
        #expect(find(inData) == nil)
        var long = [0xff, 0xd8] + JPEGComment.segment(Self.tag + [1])
        long[4] = 0xff
        #expect(find(long) == nil)
        for length in 0..<long.count { #expect(find(Array(long.prefix(length))) == nil) }
    }

    @Test("a comment of the maximum size is written with a length that fits")
    func maximum() {
        let segment = JPEGComment.segment([UInt8](repeating: 7, count: JPEGComment.maximumByteCount))
        #expect(segment.prefix(4) == [0xff, 0xfe, 0xff, 0xff])
        #expect(segment.count == 65_537)
    }
}
