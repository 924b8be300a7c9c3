import Testing
import Video4Linux

@Suite("PixelFormat")
struct PixelFormatTests {
    @Test(
        "a format is found by its common name or its four-character code, in upper or lower case",
        arguments: [
            ("mjpeg", PixelFormat.mjpeg), ("MJPG", .mjpeg), ("mjpg", .mjpeg), ("YUYV", .yuyv), ("yu12", .yu12),
            ("RGB3", .rgb24), ("rgb24", .rgb24), ("GREY", .grey), ("NV12", .nv12), ("uyvy", .uyvy), ("jpeg", .jpeg),
        ])
    func names(text: String, format: PixelFormat) {
        #expect(PixelFormat(name: text) == format)
    }

    @Test("a code without a common name keeps its case, and a code of three characters is padded")
    func codes() {
        #expect(PixelFormat(name: "pRAA")?.name == "pRAA")
        #expect(PixelFormat(name: "Y16")?.code == 0x2036_3159)
        #expect(PixelFormat(name: "Y16")?.characters == "Y16")
        #expect(PixelFormat(code: 0x2036_3159 | 0x8000_0000).characters == "Y16-BE")
        #expect(PixelFormat(code: 0x0102_0304).characters == "????")
    }

    @Test("invalid codes are refused", arguments: ["", "x", "mjpegs", "a b c", "ÄÖÜ", "12"])
    func nonsense(text: String) {
        #expect(PixelFormat(name: text) == nil)
    }

    @Test("every preferred format can be encoded directly and is found by its own name")
    func preferred() {
        for format in PixelFormat.preferred {
            #expect(format.isDirect && format.isUsable)
            #expect(PixelFormat(name: format.name) == format)
        }
        #expect(FormatConverter.sources.allSatisfy { !$0.isDirect && $0.isUsable })
        #expect(Set(FormatConverter.sources).count == FormatConverter.sources.count)
    }

    @Test("uncompressed formats of all kinds are usable, and formats that Oriel cannot convert are not")
    func usable() {
        for name in ["RGB4", "BGR4", "XR24", "RGBP", "NV24", "NV21", "VYUY", "422P", "Y10", "P010", "Y16", "pRAA"] {
            #expect(PixelFormat(name: name)?.isUsable == true, "\(name)")
        }
        for name in ["H264", "HEVC", "HM12", "ABCD"] { #expect(PixelFormat(name: name)?.isUsable == false, "\(name)") }
    }

    @Test("the number of bytes of a picture is also right for odd sizes and padded lines")
    func byteCounts() {
        #expect(PixelFormat.yuyv.byteCount(bytesPerLine: 1280, height: 480) == 614_400)
        #expect(PixelFormat.nv12.byteCount(bytesPerLine: 640, height: 480) == 460_800)
        #expect(PixelFormat.nv12.byteCount(bytesPerLine: 642, height: 5) == 642 * 8)
        #expect(PixelFormat.yu12.byteCount(bytesPerLine: 5, height: 5) == 25 + 2 * 9)
        #expect(PixelFormat.grey.byteCount(bytesPerLine: 100, height: 3) == 300)
        #expect(PixelFormat.mjpeg.byteCount(bytesPerLine: 0, height: 480) == nil)
    }
}
