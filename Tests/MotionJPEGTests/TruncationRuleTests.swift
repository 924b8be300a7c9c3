import Testing

@testable import MotionJPEG

@Suite("Pictures without an end")
struct TruncationRuleTests {
    @Test("a camera that never sends the end is let through within a second, and that is said once")
    func allTruncated() {
        var rule = TruncationRule()
        let moments = (1...200).filter { _ in rule.note(isTruncated: true) }
        #expect(moments == [TruncationRule.minimumCount])
        #expect(rule.isRelaxed)
    }

    @Test("87 of 100 cut pictures are a habit of the camera", arguments: [true, false])
    func mostTruncated(goodFirst: Bool) {
        var rule = TruncationRule()
        for index in 0..<100 { _ = rule.note(isTruncated: goodFirst ? index >= 13 : index < 87) }
        #expect(rule.isRelaxed)
    }

    @Test("as long as half of the pictures are whole the cut ones are refused")
    func halfTruncated() {
        var rule = TruncationRule()
        for index in 0..<1000 { _ = rule.note(isTruncated: !index.isMultiple(of: 2)) }
        #expect(!rule.isRelaxed)
    }

    @Test("a bad start is no habit yet")
    func badStart() {
        var rule = TruncationRule()
        for _ in 0..<TruncationRule.minimumCount / 2 { _ = rule.note(isTruncated: true) }
        for _ in 0..<TruncationRule.window { _ = rule.note(isTruncated: false) }
        #expect(!rule.isRelaxed)
    }
}
