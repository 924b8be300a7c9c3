import Testing

@testable import Video4Linux

@Suite("GreyRange")
struct GreyRangeTests {
    /// Passes the same picture to `range` several times, as `times` says.
    ///
    /// The picture has one pixel of each level from `lowest` to `highest`.
    private func follow(_ range: inout GreyRange, _ lowest: Int, _ highest: Int, times: Int = 1) {
        for _ in 0..<times {
            range.follow { body in
                for level in lowest...highest { body(level) }
            }
        }
    }

    @Test("the few levels of a thermal camera are stretched to the whole range from black to white")
    func thermal() {
        var range = GreyRange(bits: 16)
        follow(&range, 29_000, 29_999)
        #expect(range.shades[29_001] <= 2)
        #expect(range.shades[29_998] >= 253)
        #expect(120...136 ~= range.shades[29_500])
        #expect(range.shades[0] == 0 && range.shades[65_535] == 255)
    }

    @Test("a picture that uses most levels is not stretched", arguments: [10, 12, 16])
    func full(bits: Int) {
        var range = GreyRange(bits: bits)
        let before = range.shades
        let all = (1 << bits) - 1
        follow(&range, all / 10, all * 7 / 10)
        #expect(range.shades == before)
    }

    @Test("a few defective pixels do not affect the range")
    func defects() {
        var range = GreyRange(bits: 14)
        range.follow { body in
            for _ in 0..<10 { body(0) }
            for _ in 0..<10 { body(16_383) }
            for index in 0..<20_000 { body(7_000 + index % 500) }
        }
        #expect(range.shades[7_010] < 20 && range.shades[7_490] > 235)
    }

    @Test("if the picture changes suddenly, the shades change slowly")
    func slow() {
        var range = GreyRange(bits: 16)
        follow(&range, 20_000, 21_000, times: 50)
        let before = range.shades[20_500]
        follow(&range, 30_000, 31_000)
        #expect(abs(Int(range.shades[20_500]) - Int(before)) <= 160)
        follow(&range, 30_000, 31_000, times: 100)
        #expect(range.shades[20_500] == 0 && 118...138 ~= range.shades[30_500])
    }

    @Test("the noise in a picture of almost one level is not stretched to full contrast")
    func flat() {
        var range = GreyRange(bits: 16)
        for _ in 0..<3 { range.follow { body in for _ in 0..<100 { body(12_345) } } }
        #expect(Int(range.shades[12_355]) - Int(range.shades[12_345]) < 60)
    }
}
