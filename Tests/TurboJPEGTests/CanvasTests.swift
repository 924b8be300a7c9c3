import Drawing
import MotionJPEG
import Testing
import TurboJPEG

@Suite("Status pictures as JPEGs")
struct CanvasTests {
    @Test(
        "a status picture of any size becomes a complete JPEG of that size",
        arguments: [(1, 1), (16, 16), (17, 33), (321, 181), (640, 480), (1280, 720)])
    func statusPicture(width: Int, height: Int) throws {
        let canvas = StatusPicture.draw(
            width: width, height: height, camera: "main", title: "No signal",
            message: "The camera is unplugged. Plug it in, and its pictures will continue.")
        let jpeg = try encoded(canvas)
        let info = try JPEG.inspect(RawSpan(_elements: jpeg.span))
        #expect(info == JPEGInfo(width: width, height: height, byteCount: jpeg.count))
    }
}
