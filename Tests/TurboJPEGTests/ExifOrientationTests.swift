import MotionJPEG
import Testing
import TurboJPEG

/// Returns an Exif segment whose orientation (tag 0x0112) is `value`.
private func exif(_ value: UInt8, isLittleEndian: Bool = true, type: UInt8 = 3) -> [UInt8] {
    func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        return isLittleEndian ? bytes : bytes.reversed()
    }
    let order: [UInt8] = isLittleEndian ? [0x49, 0x49] : [0x4D, 0x4D]
    // The first entry has another tag: the width of the image.
    let entries =
        number(0x0100, 2) + number(4, 2) + number(1, 4) + number(640, 4)
        + number(0x0112, 2) + number(Int(type), 2) + number(1, 4) + number(Int(value), 2) + number(0, 2)
    let tiff = order + number(42, 2) + number(8, 4) + number(2, 2) + entries + number(0, 4)
    let parameters = Array("Exif".utf8) + [0, 0] + tiff
    return [0xFF, 0xE1, UInt8((parameters.count + 2) >> 8), UInt8((parameters.count + 2) & 255)] + parameters
}

private func sample(_ width: Int = 64, _ height: Int = 48) throws -> [UInt8] {
    try encoded(TestPicture(width: width, height: height).pixels(.i420), .i420, width: width, height: height)
}

/// Returns `jpeg` with `segments` inserted after its JFIF header.
private func marked(_ jpeg: [UInt8], _ segments: [UInt8]) -> [UInt8] { Array(jpeg[..<20]) + segments + jpeg[20...] }

/// Returns the pixels of `picture` after `turn`.
private func turned(_ picture: JPEGDecoder.Picture, _ turn: Turn) -> [UInt8] {
    let (width, height) = (picture.width, picture.height)
    let (columns, lines) = turn.swapsSides ? (height, width) : (width, height)
    return (0..<lines).flatMap { y in
        (0..<columns).flatMap { x -> ArraySlice<UInt8> in
            let from = origin(turn, x, y, width: width, height: height)
            let start = (from.y * width + from.x) * 3
            return picture.pixels[start..<(start + 3)]
        }
    }
}

@Suite("Exif orientation")
struct ExifOrientationTests {
    /// For each orientation value, the turn that makes a picture with this value upright.
    ///
    /// Exif 2.3, section 4.6.4, defines for each value on which sides of the picture the first line and column are.
    static let turns: [(UInt8, Turn)] = [
        (1, .none), (2, .flipHorizontal), (3, .rotate180), (4, .flipVertical), (5, .transpose), (6, .rotate90),
        (7, .transverse), (8, .rotate270),
    ]

    @Test("a picture with an Exif orientation has the size and the pixels that a browser shows", arguments: turns)
    func decoding(value: UInt8, turn: Turn) throws {
        let jpeg = try sample()
        let plain = try decoded(jpeg)
        let oriented = marked(jpeg, exif(value))
        let info = try JPEG.inspect(RawSpan(_elements: oriented.span))
        let expected = turn.swapsSides ? (48, 64) : (64, 48)
        #expect((info.width, info.height) == expected)
        #expect(info.orientation.rawValue == Int(value))
        let picture = try decoded(oriented)
        #expect((picture.width, picture.height) == expected)
        #expect(picture.pixels == turned(plain, turn))
        let half = try decoded(oriented, scale: .half)
        #expect(half.pixels == turned(try decoded(jpeg, scale: .half), turn))
    }

    @Test("drawing, turning and scaling take the Exif orientation into account", arguments: turns)
    func others(value: UInt8, turn: Turn) throws {
        let jpeg = try sample()
        let oriented = marked(jpeg, exif(value))
        var size = (0, 0)
        let drawn = try JPEGRetoucher(quality: 100).retouch(RawSpan(_elements: oriented.span)) { _, width, height in
            size = (width, height)
        }
        let shown = try decoded(oriented)
        #expect(size == (shown.width, shown.height))
        let result = try decoded(drawn)
        #expect(ExifOrientation(of: RawSpan(_elements: drawn.span)) == .upright)
        let differences = zip(result.pixels, shown.pixels).map { abs(Int($0) - Int($1)) }
        #expect(differences.reduce(0, +) / differences.count <= 3)
        // Turning the oriented picture must have the same result as turning the plain picture twice: first as the
        // orientation requires, then by the turn.
        let transformer = try JPEGTransformer()
        func transformed(_ jpeg: [UInt8], _ turn: Turn) throws -> [UInt8] {
            try bytes(capacity: JPEGTransformer.bound(width: 64, height: 64)) {
                try transformer.transform(RawSpan(_elements: jpeg.span), turn, into: &$0).byteCount
            }
        }
        for next in Turn.allCases {
            let steps = try transformed(transformed(jpeg, turn), next)
            #expect(try decoded(transformed(oriented, next)).pixels == decoded(steps).pixels, "\(next)")
            #expect(turn.followed(by: next).swapsSides == (turn.swapsSides != next.swapsSides))
        }
        var scaler = try JPEGScaler(quality: 95)
        let small = try #require(try scaler.scale(RawSpan(_elements: oriented.span), toWidth: shown.width / 2))
        #expect((small.width, small.height) == (shown.width / 2, shown.height / 2))
        let smallPicture = try decoded(small.bytes)
        #expect((smallPicture.width, smallPicture.height) == (small.width, small.height))
    }

    @Test("both byte orders are read, and only the first Exif segment is used")
    func segments() throws {
        let jpeg = try sample()
        func orientation(_ segments: [UInt8]) -> ExifOrientation {
            ExifOrientation(of: RawSpan(_elements: marked(jpeg, segments).span))
        }
        #expect(orientation(exif(6, isLittleEndian: false)) == .rotate90)
        let other = [0xFF, 0xE1, 0, 12] + Array("http://ns.".utf8)
        #expect(orientation(other + exif(8) + exif(3)) == .rotate270)
        #expect(orientation([]) == .upright)
        #expect(orientation(exif(0)) == .upright && orientation(exif(9)) == .upright)
        #expect(orientation(exif(6, type: 4)) == .upright)
        // A segment after the picture data is not read as Exif.
        #expect(ExifOrientation(of: RawSpan(_elements: (jpeg + exif(6)).span)) == .upright)
    }

    @Test("no mutation of an Exif segment crashes the parser")
    func mutations() throws {
        let good = marked(try sample(), exif(6))
        var state: UInt64 = 88_172_645_463_325_252
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<3 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                bytes[Int(state % 90)] = UInt8(truncatingIfNeeded: state >> 32)
            }
            bytes.removeLast(Int(state >> 40) % 80)
            _ = ExifOrientation(of: RawSpan(_elements: bytes.span))
            let short = Array(bytes.prefix(Int(state >> 20) % 100))
            _ = ExifOrientation(of: RawSpan(_elements: short.span))
        }
    }
}
