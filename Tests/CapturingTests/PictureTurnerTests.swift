import Linux
import TestSupport
import Testing
import TurboJPEG

@testable import Capturing

@Suite("PictureTurner")
struct PictureTurnerTests {
    @Test("a valid picture is turned correctly after any number of damaged ones")
    func recovers() throws {
        var good = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: 160, height: 120, subsampling: .s420))
        var encoder = try JPEGEncoder(quality: 80)
        let grey = (0..<(160 * 120)).map { UInt8(truncatingIfNeeded: $0 * 31) }
        let byteCount = try grey.withRawSpan { pixels in
            try good.withMutableRawSpan { output in
                try encoder.encode(
                    pixels, layout: .grey, width: 160, height: 120, bytesPerLine: 160, range: .full, into: &output)
            }
        }
        good.removeLast(good.count - byteCount)
        var turner = try PictureTurner(.rotate90)
        var random = UInt64(7)
        for _ in 0..<300 {
            var damaged = good
            for _ in 0..<8 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // Change a byte in the headers, which contain the tables.
                damaged[2 + Int(random >> 33) % min(600, damaged.count - 2)] = UInt8(truncatingIfNeeded: random >> 20)
            }
            _ = try? damaged.withRawSpan { try turner.turn($0, width: 160, height: 120) }
            let turned = try good.withRawSpan { try turner.turn($0, width: 160, height: 120) }
            #expect((turned.width, turned.height) == (120, 160))
        }
    }
}
