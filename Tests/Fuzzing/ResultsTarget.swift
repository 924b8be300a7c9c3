import Events
import JSON
import Linux
import MotionJPEG
import Tracking

/// Fuzzes the search for detection results in a picture of any origin, and their insertion.
enum ResultsTarget {
    private static let result = FrameResult(
        number: 7, realtime: 1_795_816_090_551_234_567, size: PictureSize(width: 64, height: 48), look: .exact,
        objects: [], motion: [])

    static func run(_ input: Input) {
        let jpeg = input.bytes
        let old = segment(in: jpeg)
        check((text(in: jpeg) != nil) == (old != nil), "results are found exactly if their segment is found")
        if let old { check(0 <= old.lowerBound && old.upperBound <= jpeg.count, "a segment is inside the picture") }
        let copy = result.embedded(in: jpeg)
        guard jpeg.starts(with: [0xff, 0xd8]), jpeg.count >= 4 else {
            check(copy == jpeg, "bytes that are not a JPEG are not changed")
            return
        }
        check(text(in: copy) == result.json.text, "inserted results are found again")
        var stripped = copy
        if let new = segment(in: copy) { stripped.removeSubrange(new) }
        var expected = jpeg
        if let old { expected.removeSubrange(old) }
        // Old results in front of the place for new ones are not replaced: JFIF requires its segment to come first.
        check(stripped == expected || stripped == jpeg, "nothing but the results is changed")
    }

    private static func text(in jpeg: [UInt8]) -> String? { jpeg.withRawSpan { FrameResult.text(in: $0) } }

    private static func segment(in jpeg: [UInt8]) -> Range<Int>? {
        jpeg.withRawSpan { JPEGComment.find(FrameResult.tag, in: $0)?.segment }
    }
}
