import DetectionTestSupport
import Linux
import MotionJPEG
import TestSupport
import Testing
import TurboJPEG

@testable import Detection

@Suite("An uploaded picture")
struct UploadedPictureTests {
    /// Returns a PNG whose upper half is red and whose lower half is blue, with uncompressed data.
    ///
    /// If `claimed` is not nil, the header contains this width and height instead of the picture's own.
    static func png(width: Int = 4, height: Int = 3, claimed: (UInt32, UInt32)? = nil) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] {
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            let content = Array(name.utf8) + data
            return word(UInt32(data.count)) + content + word(Self.crc(content))
        }
        var lines: [UInt8] = []
        for y in 0..<height {
            lines.append(0)
            for _ in 0..<width { lines += y * 2 < height ? [255, 0, 0] : [0, 0, 255] }
        }
        let count = UInt16(lines.count)
        var stream: [UInt8] = [0x78, 0x01, 0x01]
        stream += [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        stream += [UInt8(truncatingIfNeeded: ~count), UInt8(truncatingIfNeeded: ~count >> 8)] + lines
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in lines { (a, b) = ((a + UInt32(byte)) % 65521, (b + a + UInt32(byte)) % 65521) }
        stream += word(b << 16 | a)
        let size = claimed ?? (UInt32(width), UInt32(height))
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
            + chunk("IHDR", word(size.0) + word(size.1) + [8, 2, 0, 0, 0]) + chunk("IDAT", stream) + chunk("IEND", [])
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xedb8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return ~crc
    }

    /// A lossless WebP of 8x8 red pixels.
    static let webP: [UInt8] = [
        0x52, 0x49, 0x46, 0x46, 0x1c, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38, 0x4c, 0x0f, 0x00,
        0x00, 0x00, 0x2f, 0x07, 0xc0, 0x01, 0x00, 0x07, 0x10, 0xfd, 0x8f, 0xfe, 0x07, 0x22, 0xa2, 0xff, 0x01, 0x00,
    ]

    /// A JPEG of 8x8 red pixels with four components, in the inverted YCCK format that Adobe's programs write.
    static let cmyk: [UInt8] = bytes(
        """
        ffd8ffee000e41646f626500640000000002ffdb0043000302020302020303030304030304050805050404050a070706080c\
        0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffdb0043010304040504050905\
        0509140d0b0d1414141414141414141414141414141414141414141414141414141414141414141414141414141414141414\
        141414141414ffc00014080008000804011100021101031101041100ffc4001f000001050101010101010000000000000000\
        0102030405060708090a0bffc400b5100002010303020403050504040000017d010203000411051221314106135161072271\
        14328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455\
        565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4\
        b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffc4001f0100\
        030101010101010101010000000000000102030405060708090a0bffc400b511000201020404030407050404000102770001\
        02031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a\
        35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a929394\
        95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9\
        eaf2f3f4f5f6f7f8f9faffda000e040100021103110400003f00fa22bf733fcaa3f54ebfffd9
        """)

    private static func bytes(_ digits: String) -> [UInt8] {
        let values = digits.compactMap { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }

    /// Decodes a JPEG and returns its size, and the RGB values in the middle of its first line and of its last line.
    private func ends(_ jpeg: [UInt8]) throws -> (width: Int, height: Int, first: [UInt8], last: [UInt8]) {
        let decoder = try JPEGDecoder()
        let picture = try jpeg.withRawSpan { span throws(TurboJPEGError) in try decoder.decode(span) }
        let middle = picture.width / 2 * 3
        let end = (picture.height - 1) * picture.width * 3 + middle
        return (
            picture.width, picture.height, Array(picture.pixels[middle..<(middle + 3)]),
            Array(picture.pixels[end..<(end + 3)])
        )
    }

    private func isClose(_ pixel: [UInt8], _ other: [Int]) -> Bool {
        zip(pixel, other).allSatisfy { abs(Int($0) - $1) < 70 }
    }

    @Test("a PNG is converted to a JPEG of the same size and colours")
    func convertsPNG() throws {
        let (width, height, first, last) = try ends(UploadedPicture.jpeg(from: Self.png(width: 32, height: 48)))
        #expect(width == 32 && height == 48)
        #expect(isClose(first, [255, 0, 0]) && isClose(last, [0, 0, 255]), "\(first) \(last)")
    }

    @Test("a WebP is converted to a JPEG of the same size and colours")
    func convertsWebP() throws {
        let (width, height, first, _) = try ends(UploadedPicture.jpeg(from: Self.webP))
        #expect(width == 8 && height == 8)
        #expect(isClose(first, [255, 0, 0]), "\(first)")
    }

    @Test("a JPEG with four components is converted to one with three")
    func convertsCMYK() throws {
        let (width, height, first, _) = try ends(UploadedPicture.jpeg(from: Self.cmyk))
        #expect(width == 8 && height == 8)
        #expect(isClose(first, [255, 0, 0]), "\(first)")
    }

    @Test("an ordinary JPEG is not changed")
    func keepsJPEG() throws {
        let jpeg = try greyJPEG(3)
        #expect(try UploadedPicture.jpeg(from: jpeg) == jpeg)
    }

    @Test(
        "a picture that is damaged, truncated or of another format is refused",
        arguments: [
            [], [0xff], Array("GIF89a".utf8), Array(png().dropLast(20)), Array(png().prefix(20)),
            Array(webP.dropLast(6)),
            Array("RIFF....WEBPVP8 ".utf8),
        ] as [[UInt8]])
    func refuses(_ bytes: [UInt8]) {
        let error = #expect(throws: DetectionError.self) { try UploadedPicture.jpeg(from: bytes) }
        #expect(error?.kind == .badPicture)
    }

    @Test("a picture that claims a huge size is refused before memory is allocated for it")
    func refusesHuge() {
        for size in [(UInt32(50_000), UInt32(50_000)), (1_000_000, 18)] {
            let error = #expect(throws: DetectionError.self) {
                try UploadedPicture.jpeg(from: Self.png(claimed: size))
            }
            #expect([.pictureTooLarge, .badPicture].contains(error?.kind))
        }
    }

    @Test("converting an upload of arbitrary bytes does not crash", .timeLimit(.minutes(1)))
    func fuzz() throws {
        var mutator = Mutator("uploaded pictures")
        for _ in 0..<500 {
            for picture in [Self.png(width: 16, height: 16), Self.webP, Self.cmyk] {
                let bytes = mutator.mutate(picture)
                if let jpeg = try? UploadedPicture.jpeg(from: bytes) { #expect(!jpeg.isEmpty) }
            }
        }
    }
}
