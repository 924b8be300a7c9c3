import Testing

@testable import Video4Linux

@Suite("The choice of format, size and rate")
struct FormatChoiceTests {
    private func format(_ name: String, _ sizes: String...) throws -> Format {
        let list = try sizes.map { FrameSize(size: try #require(PictureSize($0)), rates: .unknown) }
        return Format(
            pixelFormat: try #require(PixelFormat(name: name)), text: name, isCompressed: false, sizes: .discrete(list))
    }

    @Test("auto prefers the formats that cost least: MJPEG, then raw formats, then formats that must be converted")
    func preference() throws {
        let all = [
            try format("YVYU", "640x480"), try format("grey", "640x480"), try format("H264", "640x480"),
            try format("rgb24", "640x480"), try format("yuyv", "640x480"), try format("mjpeg", "640x480"),
        ]
        let request = CaptureRequest()
        #expect(request.choose(from: all)?.pixelFormat == .mjpeg)
        #expect(request.choose(from: Array(all.dropLast()))?.pixelFormat == .yuyv)
        #expect(request.choose(from: Array(all.dropLast(2)))?.pixelFormat == .rgb24)
        #expect(request.choose(from: Array(all.dropLast(3)))?.pixelFormat == .grey)
        #expect(request.choose(from: [all[0], all[2]])?.pixelFormat.characters == "YVYU")
        #expect(request.choose(from: [all[2]]) == nil)
        #expect(request.choose(from: []) == nil)
    }

    @Test("a format that failed before is left out")
    func excluded() throws {
        var request = CaptureRequest()
        request.excluded = [.mjpeg]
        let all = [try format("mjpeg", "640x480"), try format("yuyv", "640x480")]
        #expect(request.choose(from: all)?.pixelFormat == .yuyv)
        request.excluded = [.mjpeg, .yuyv]
        #expect(request.choose(from: all) == nil)
    }

    @Test("if a format is requested explicitly, no other is used, but MJPEG and JPEG count as the same format")
    func explicit() throws {
        let all = [try format("mjpeg", "640x480"), try format("yuyv", "640x480"), try format("H264", "640x480")]
        #expect(CaptureRequest(pixelFormat: .yuyv).choose(from: all)?.pixelFormat == .yuyv)
        #expect(CaptureRequest(pixelFormat: .jpeg).choose(from: all)?.pixelFormat == .mjpeg)
        #expect(CaptureRequest(pixelFormat: .nv12).choose(from: all) == nil)
        #expect(CaptureRequest(pixelFormat: PixelFormat(name: "H264")).choose(from: all) == nil)
    }

    @Test(
        "the chosen size is the requested one if offered, otherwise the largest that fits into it, otherwise the smallest",
        arguments: [
            ("1280x720", "1280x720"), ("1920x1080", "1280x720"), ("1000x1000", "800x600"), ("700x500", "640x480"),
            ("320x240", "640x480"), ("1280x600", "800x600"),
        ])
    func nearestSize(wanted: String, expected: String) throws {
        let sizes = try format("mjpeg", "640x480", "1280x720", "800x600").sizes
        #expect(sizes.nearest(to: try #require(PictureSize(wanted))).description == expected)
    }

    @Test("if a camera offers a range of sizes with steps, the chosen size is within that range and on a step")
    func stepwise() throws {
        let sizes = FrameSizes.stepwise(
            smallest: PictureSize(width: 32, height: 32), largest: PictureSize(width: 2592, height: 1944),
            step: PictureSize(width: 16, height: 2), rates: .unknown)
        #expect(sizes.nearest(to: PictureSize(width: 1290, height: 721)).description == "1280x720")
        #expect(sizes.nearest(to: PictureSize(width: 1, height: 9999)).description == "32x1944")
        #expect(FrameSizes.unknown.nearest(to: PictureSize(width: 7, height: 9)).description == "7x9")
        #expect(FrameSizes.discrete([]).nearest(to: PictureSize(width: 7, height: 9)).description == "7x9")
    }

    @Test(
        "the chosen rate is the slowest that is fast enough, otherwise the fastest",
        arguments: [
            (30.0, "29.97"), (20, "29.97"), (15, "15"),
            (60, "29.97"), (1, "5"),
        ])
    func nearestRate(wanted: Double, expected: String) throws {
        let rates = FrameRates.discrete([
            try #require(FrameRate(frames: 30000, seconds: 1001)), try #require(FrameRate(15)),
            try #require(FrameRate(5)),
        ])
        #expect(rates.nearest(to: try #require(FrameRate(wanted))).description == expected)
    }

    @Test("if a camera offers a range of rates, the chosen rate is within that range")
    func rateRange() throws {
        let slow = try #require(FrameRate(5))
        let fast = try #require(FrameRate(60))
        let rates = FrameRates.range(slow...fast)
        #expect(rates.nearest(to: try #require(FrameRate(30))).framesPerSecond == 30)
        #expect(rates.nearest(to: try #require(FrameRate(1))) == slow)
        #expect(rates.nearest(to: try #require(FrameRate(240))) == fast)
    }
}
