import Testing
import Video4Linux

@Suite("Sizes and rates")
struct PictureTests {
    @Test("a size is parsed and written as WIDTHxHEIGHT")
    func size() {
        #expect(PictureSize("1280x720") == PictureSize(width: 1280, height: 720))
        #expect(PictureSize("1280x720")?.description == "1280x720")
    }

    @Test(
        "invalid sizes are refused",
        arguments: ["", "x", "640", "640x", "0x480", "640x-1", "640x480x1", "99999x1", "a×b"])
    func noSize(text: String) {
        #expect(PictureSize(text) == nil)
    }

    @Test("a rate is written with at most two decimals, and without trailing zeros")
    func rates() throws {
        #expect(FrameRate(30)?.description == "30")
        #expect(FrameRate(12.5)?.description == "12.5")
        #expect(FrameRate(frames: 30000, seconds: 1001)?.description == "29.97")
        #expect(FrameRate(frames: 10, seconds: 9)?.description == "1.11")
        #expect(FrameRate(frames: 201, seconds: 100)?.description == "2.01")
        #expect(FrameRate(0.5)?.framesPerSecond == 0.5)
        #expect(FrameRate(0) == nil)
        #expect(FrameRate(.nan) == nil)
        #expect(FrameRate(frames: 1, seconds: 0) == nil)
        #expect(try #require(FrameRate(29.97)) < #require(FrameRate(30)))
    }
}
