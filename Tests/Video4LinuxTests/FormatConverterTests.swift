import Glibc
import Linux
import Testing

@testable import Video4Linux

@Suite("FormatConverter", .timeLimit(.minutes(3)))
struct FormatConverterTests {
    private static func converter(_ format: PixelFormat, _ width: Int, _ height: Int, padding: Int = 0) throws
        -> (FormatConverter, CaptureFormat)
    {
        let bytesPerLine = format.bytesPerLine(width: width) + padding
        let capture = CaptureFormat(
            pixelFormat: format, size: PictureSize(width: width, height: height), bytesPerLine: bytesPerLine,
            imageByteCount: bytesPerLine * height)
        return (try FormatConverter(capture, name: "camera"), capture)
    }

    private static func convert(_ converter: FormatConverter, _ picture: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: converter.output.imageByteCount)
        try picture.withRawSpan { (span) throws(CameraError) in
            try output.withMutableRawSpan { (target) throws(CameraError) in try converter.convert(span, into: &target) }
        }
        return output
    }

    @Test(
        "a Bayer pattern results in the same picture whether or not its lines have padding",
        arguments: BayerLayout.formats,
        [(32, 24), (33, 24), (32, 25), (37, 29)])
    func bayer(format: PixelFormat, size: (width: Int, height: Int)) throws {
        let (plain, capture) = try Self.converter(format, size.width, size.height)
        let tight = (0..<capture.bytesPerLine * size.height).map { UInt8(truncatingIfNeeded: $0 * 31 + $0 / 97) }
        let expected = try Self.convert(plain, tight)
        #expect(expected.count == size.width * size.height + 2 * ((size.width + 1) / 2) * ((size.height + 1) / 2))
        for padding in [2, 64] {
            let (converter, _) = try Self.converter(format, size.width, size.height, padding: padding)
            var padded: [UInt8] = []
            for line in 0..<size.height {
                padded += tight[(line * capture.bytesPerLine)..<((line + 1) * capture.bytesPerLine)]
                padded += [UInt8](repeating: 0xee, count: padding)
            }
            #expect(try Self.convert(converter, padded) == expected, "\(format) \(size)")
        }
    }

    @Test("a white Bayer pattern results in a white picture", arguments: BayerLayout.formats)
    func bayerColour(format: PixelFormat) throws {
        let (converter, capture) = try Self.converter(format, 32, 24)
        let layout = try #require(BayerLayout(format))
        // White: every sample has its highest value.
        let white = [UInt8](repeating: 0xff, count: capture.bytesPerLine * 24)
        let luma = try Self.convert(converter, white).prefix(32 * 24)
        #expect(luma.allSatisfy { $0 >= 230 }, "\(layout.plain)")
    }

    @Test("a picture that is too short is refused with the size it should have", arguments: FormatConverter.sources)
    func short(format: PixelFormat) throws {
        let (converter, capture) = try Self.converter(format, 32, 24)
        guard let whole = capture.wholeByteCount else { return }
        let error = #expect(throws: CameraError.self) {
            try Self.convert(converter, [UInt8](repeating: 1, count: whole - 1))
        }
        #expect(error?.description.contains("\(whole - 1) bytes instead of \(whole)") == true)
    }

    @Test("random bytes in any format do not crash the process")
    func random() async {
        // libv4l is written in C and might crash. Therefore this test calls it in a child process.
        await #expect(processExitsWith: .success) {
            var state: UInt64 = 0x9e37_79b9_7f4a_7c15
            func next() -> UInt64 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return state
            }
            for format in FormatConverter.sources {
                let isLibrary = LibraryConverter.formats.contains(format) || BayerLayout(format) != nil
                for (width, height) in isLibrary ? [(32, 24), (160, 120), (33, 17)] : [(33, 17)] {
                    guard let (converter, capture) = try? FormatConverterTests.converter(format, width, height) else {
                        continue
                    }
                    for round in 0..<20 {
                        let whole = capture.wholeByteCount ?? Int(next() % UInt64(width * height * 2))
                        let isSparse = round % 2 == 1
                        let bytes = (0..<whole).map { index -> UInt8 in
                            let value = index & 7 == 0 ? next() : state >> UInt64(index & 7 * 8)
                            return isSparse && value & 3 != 0 ? 0 : UInt8(truncatingIfNeeded: value)
                        }
                        _ = try? FormatConverterTests.convert(converter, bytes)
                    }
                }
            }
        }
    }
}
