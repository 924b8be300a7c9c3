import Events
import JSON
import Linux
import MotionJPEG
import TestSupport
import Testing
import Tracking

@Suite("Detection results inside a JPEG")
struct FrameResultTests {
    private static func result(_ number: UInt64, objects: Int = 1) -> FrameResult {
        FrameResult(
            number: number, realtime: 1_795_816_090_551_234_567, size: PictureSize(width: 640, height: 480),
            look: .exact, duration: .microseconds(8_740),
            objects: (0..<objects).map { index in
                FrameObject(
                    id: index == 0 ? "1795816090.551-k3x9a2" : nil, number: index + 1, label: "person", classID: 0,
                    score: 0.81234, topScore: 0.9, box: Box(left: 10.04, top: 20, right: 30.06, bottom: 60),
                    speed: (x: 1.26, y: -3), state: .active, since: 1_795_816_090_000_000_000, zones: ["porch"])
            },
            motion: [Box(left: 0, top: 0, right: 64, bottom: 64)])
    }

    private func text(in jpeg: [UInt8]) -> String? { jpeg.withRawSpan { FrameResult.text(in: $0) } }

    @Test("results are written in the documented form")
    func form() {
        #expect(
            Self.result(7).json.text == """
                {"seq":7,"t":1795816090.551234,"size":[640,480],"look":"exact","ms":8.7,"objects":[\
                {"id":"1795816090.551-k3x9a2","n":1,"label":"person","score":0.812,"top":0.9,\
                "box":[10.0,20.0,30.1,60.0],"v":[1.3,-3.0],"state":"active","since":1795816090.000000,\
                "zones":["porch"]}],"motion":[[0.0,0.0,64.0,64.0]]}
                """)
    }

    @Test("a picture with results is the camera's picture, byte for byte, once the comment is removed")
    func embedding() throws {
        let plain = SampleJPEG.bytes()
        let jpeg = Self.result(7).embedded(in: plain)
        #expect(text(in: jpeg) == Self.result(7).json.text)
        let found = try #require(jpeg.withRawSpan { JPEGComment.find(FrameResult.tag, in: $0)?.segment })
        var stripped = jpeg
        stripped.removeSubrange(found)
        #expect(stripped == plain)
        let info = try jpeg.withRawSpan { try JPEG.inspect($0) }
        #expect((info.width, info.height, info.byteCount) == (64, 48, jpeg.count))
    }

    @Test("new results replace the results that the picture already contains")
    func replacing() {
        let plain = SampleJPEG.bytes()
        let again = Self.result(8).embedded(in: Self.result(7).embedded(in: plain))
        #expect(again == Self.result(8).embedded(in: plain))
    }

    @Test("bytes that are not a JPEG are not changed")
    func notJPEG() {
        for bytes in [[], [0xff], [0xff, 0xd8], Array("hello".utf8)] as [[UInt8]] {
            #expect(Self.result(7).embedded(in: bytes) == bytes)
            #expect(text(in: bytes) == nil)
        }
    }

    @Test("at most 64 objects are written")
    func limit() {
        let json = Self.result(7, objects: 200).json
        #expect(json["objects"]?.array?.count == 64)
    }
}
