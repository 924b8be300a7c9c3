import MotionJPEG
import Testing
import TurboJPEG

private func turned(_ jpeg: [UInt8], _ turn: Turn) throws -> (jpeg: [UInt8], result: JPEGTransformer.Result) {
    let transformer = try JPEGTransformer()
    var result: JPEGTransformer.Result?
    let size = try JPEGDecoder().size(of: RawSpan(_elements: jpeg.span))
    let output = try bytes(capacity: JPEGTransformer.bound(width: size.width, height: size.height)) { output in
        let turned = try transformer.transform(RawSpan(_elements: jpeg.span), turn, into: &output)
        result = turned
        return turned.byteCount
    }
    return (output, try #require(result))
}

@Suite("Turning without loss")
struct JPEGTransformerTests {
    @Test("each pixel moves to the right place, both in colour and in grey pictures", arguments: Turn.allCases)
    func pixels(turn: Turn) throws {
        let picture = TestPicture(width: 128, height: 96)
        for layout in [PixelLayout.i420, .grey] {
            let jpeg = try encoded(picture.pixels(layout), layout, width: 128, height: 96)
            let before = try decoded(jpeg)
            let (output, result) = try turned(jpeg, turn)
            let after = try decoded(output)
            #expect(result.width == (turn.swapsSides ? 96 : 128) && result.height == (turn.swapsSides ? 128 : 96))
            #expect(after.width == result.width && after.height == result.height)
            for y in stride(from: 1, to: after.height, by: 3) {
                for x in stride(from: 2, to: after.width, by: 3) {
                    let from = origin(turn, x, y, width: 128, height: 96)
                    guard picture.isInside(from.x, from.y) else { continue }
                    let error = zip(before.pixel(from.x, from.y), after.pixel(x, y)).map { abs($0 - $1) }.max() ?? 0
                    guard error > 2 else { continue }
                    Issue.record("\(turn) \(layout): the pixel at \(x),\(y) differs from the original pixel at \(from)")
                    return
                }
            }
        }
    }

    @Test("four turns by 90 degrees result in exactly the same pixels")
    func fourQuarters() throws {
        let picture = TestPicture(width: 128, height: 96)
        let jpeg = try encoded(picture.pixels(.i420), .i420, width: 128, height: 96)
        var output = jpeg
        for _ in 0..<4 { output = try turned(output, .rotate90).jpeg }
        #expect(try decoded(output).pixels == decoded(jpeg).pixels)
    }

    @Test(
        "partial blocks at an edge are dropped if the turn moves that edge",
        arguments: [
            (Turn.none, 70, 53), (.rotate90, 48, 70), (.rotate180, 64, 48), (.rotate270, 53, 64),
            (.flipHorizontal, 64, 53), (.flipVertical, 70, 48), (.transpose, 53, 70), (.transverse, 48, 64),
        ])
    func trimming(turn: Turn, width: Int, height: Int) throws {
        let picture = TestPicture(width: 70, height: 53)
        let (output, result) = try turned(encoded(picture.pixels(.i420), .i420, width: 70, height: 53), turn)
        #expect(result.width == width && result.height == height)
        let info = try JPEG.inspect(RawSpan(_elements: output.span))
        #expect(info == JPEGInfo(width: width, height: height, byteCount: output.count))
    }

    @Test("a rotation and mirrorings are combined into one turn")
    func combinations() throws {
        for degrees in [0, 90, 180, 270] {
            for horizontally in [false, true] {
                for vertically in [false, true] {
                    let steps = [
                        [0: Turn.none, 90: .rotate90, 180: .rotate180, 270: .rotate270][degrees] ?? .none,
                        horizontally ? .flipHorizontal : .none, vertically ? .flipVertical : .none,
                    ]
                    let combined = try #require(
                        Turn(degrees: degrees, horizontally: horizontally, vertically: vertically))
                    // Follow a pixel back through the steps, from the last step to the first.
                    let sizes = [(5, 3), steps[0].swapsSides ? (3, 5) : (5, 3), steps[0].swapsSides ? (3, 5) : (5, 3)]
                    var point = (x: 2, y: 1)
                    for (step, size) in zip(steps, sizes).reversed() {
                        point = origin(step, point.x, point.y, width: size.0, height: size.1)
                    }
                    let direct = origin(combined, 2, 1, width: 5, height: 3)
                    #expect(direct == point, "\(degrees) degrees, then \(steps[1]) and \(steps[2])")
                    #expect(combined.swapsSides == steps[0].swapsSides)
                }
            }
        }
        #expect(Turn(degrees: 45, horizontally: false, vertically: false) == nil)
        #expect(Turn(degrees: 360, horizontally: false, vertically: false) == nil)
        #expect(Turn(degrees: -90, horizontally: false, vertically: false) == nil)
    }

    @Test("a damaged picture is turned as far as possible")
    func damaged() throws {
        let picture = TestPicture(width: 128, height: 96)
        let jpeg = try encoded(picture.pixels(.i420), .i420, width: 128, height: 96)
        let (output, _) = try turned(Array(jpeg.prefix(jpeg.count * 2 / 3)), .rotate180)
        #expect(try decoded(output).width == 128)
    }

    @Test("a picture without Huffman tables can be turned")
    func withoutTables() throws {
        let picture = TestPicture(width: 64, height: 64)
        let jpeg = try encoded(picture.pixels(.i420), .i420, width: 64, height: 64)
        let bare = withoutHuffmanTables(jpeg)
        #expect(bare.count < jpeg.count)
        #expect(try turned(bare, .rotate90).jpeg == turned(jpeg, .rotate90).jpeg)
    }

    @Test("invalid data and an output that is too small are refused with the reason")
    func refusals() throws {
        let transformer = try JPEGTransformer()
        let noise = [UInt8](repeating: 7, count: 100)
        #expect(throws: TurboJPEGError.self) {
            try bytes(capacity: 1000) {
                try transformer.transform(RawSpan(_elements: noise.span), .rotate90, into: &$0).byteCount
            }
        }
        #expect(throws: TurboJPEGError.self) {
            try bytes(capacity: 1000) {
                try transformer.transform(RawSpan(_elements: [UInt8]().span), .rotate90, into: &$0).byteCount
            }
        }
        let jpeg = try encoded(TestPicture(width: 64, height: 64).pixels(.i420), .i420, width: 64, height: 64)
        let error = #expect(throws: TurboJPEGError.self) {
            try bytes(capacity: 1000) {
                try transformer.transform(RawSpan(_elements: jpeg.span), .rotate90, into: &$0).byteCount
            }
        }
        #expect(error?.description.contains("room for 1000 bytes, but") == true)
    }
}
