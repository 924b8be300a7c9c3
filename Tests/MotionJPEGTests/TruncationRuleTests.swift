import Testing

@testable import MotionJPEG

@Suite("Pictures without an end marker")
struct TruncationRuleTests {
    @Test(
        "if a camera never sends the end marker, its pictures are accepted after 30 pictures, and that is reported once"
    )
    func allTruncated() {
        var rule = TruncationRule()
        let moments = (1...200).filter { _ in rule.note(isTruncated: true) }
        #expect(moments == [TruncationRule.minimumCount])
        #expect(rule.isRelaxed)
    }

    @Test("if 87 of 100 pictures are truncated, truncated pictures are accepted", arguments: [true, false])
    func mostTruncated(goodFirst: Bool) {
        var rule = TruncationRule()
        for index in 0..<100 { _ = rule.note(isTruncated: goodFirst ? index >= 13 : index < 87) }
        #expect(rule.isRelaxed)
    }

    @Test("while half of the pictures are complete, truncated ones are rejected")
    func halfTruncated() {
        var rule = TruncationRule()
        for index in 0..<1000 { _ = rule.note(isTruncated: !index.isMultiple(of: 2)) }
        #expect(!rule.isRelaxed)
    }

    @Test("a few truncated pictures at the beginning do not relax the rule")
    func badStart() {
        var rule = TruncationRule()
        for _ in 0..<TruncationRule.minimumCount / 2 { _ = rule.note(isTruncated: true) }
        for _ in 0..<TruncationRule.window { _ = rule.note(isTruncated: false) }
        #expect(!rule.isRelaxed)
    }
}
