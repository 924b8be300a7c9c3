import Testing
import TurboJPEG

@testable import Detection

@Suite("A picture in the network's input")
struct LetterboxTests {
    @Test(
        "the input has about the picture's aspect ratio, and its sides are multiples of 32",
        arguments: [
            (640, 480, 416, 320), (1280, 720, 416, 256), (1920, 1080, 416, 256), (480, 640, 320, 416),
            (512, 512, 416, 416), (100_000, 10, 416, 32), (10, 100_000, 32, 416), (1, 1, 416, 416),
        ])
    func shape(width: Int, height: Int, inputWidth: Int, inputHeight: Int) {
        let size = Letterbox.inputSize(pictureWidth: width, pictureHeight: height, longSide: 416)
        #expect(size == (inputWidth, inputHeight))
    }

    @Test("the picture is at the top left of the input, and the rest is grey")
    func padding() {
        let letterbox = Letterbox(pictureWidth: 4, pictureHeight: 2, inputWidth: 32, inputHeight: 32)
        #expect(letterbox.contentWidth == 32)
        #expect(letterbox.contentHeight == 16)
        var tensor: [Float] = []
        letterbox.fill(&tensor, from: [UInt8](repeating: 200, count: 4 * 2 * 3), width: 4, height: 2)
        #expect(tensor.count == 3 * 32 * 32)
        for plane in 0..<3 {
            #expect(tensor[(plane * 1024)..<(plane * 1024 + 512)].allSatisfy { $0 == 200 })
            #expect(tensor[(plane * 1024 + 512)..<(plane * 1024 + 1024)].allSatisfy { $0 == 114 })
        }
    }

    @Test("the pixels are split into a blue, a green and a red plane")
    func planes() {
        let letterbox = Letterbox(pictureWidth: 2, pictureHeight: 2, inputWidth: 2, inputHeight: 2)
        var tensor: [Float] = []
        letterbox.fill(&tensor, from: [1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33], width: 2, height: 2)
        #expect(tensor == [1, 11, 21, 31, 2, 12, 22, 32, 3, 13, 23, 33])
    }

    @Test("the picture is scaled by interpolation between the nearest pixels")
    func interpolation() {
        let letterbox = Letterbox(pictureWidth: 4, pictureHeight: 1, inputWidth: 2, inputHeight: 1)
        var tensor: [Float] = []
        letterbox.fill(&tensor, from: [0, 10, 20, 30].flatMap { [$0, $0, $0] }, width: 4, height: 1)
        #expect(tensor == [5, 25, 5, 25, 5, 25])
    }

    @Test("the pixels may come from decoding the picture at a smaller size")
    func scaled() {
        let letterbox = Letterbox(pictureWidth: 1280, pictureHeight: 720, inputWidth: 416, inputHeight: 256)
        var tensor: [Float] = [1, 2, 3]
        letterbox.fill(&tensor, from: [UInt8](repeating: 9, count: 640 * 360 * 3), width: 640, height: 360)
        #expect(tensor.count == 3 * 416 * 256)
        #expect(tensor[0..<(416 * 234)].allSatisfy { $0 == 9 })
        #expect(tensor[(416 * 234)..<(416 * 256)].allSatisfy { $0 == 114 })
    }

    @Test("a picture is decoded at the smallest scale that is large enough for the input")
    func decodingScale() {
        func scale(_ width: Int, _ height: Int) -> (Int, Int) {
            let size = Letterbox.inputSize(pictureWidth: width, pictureHeight: height, longSide: 416)
            let letterbox = Letterbox(
                pictureWidth: width, pictureHeight: height, inputWidth: size.width, inputHeight: size.height)
            let scale = Detector.scale(for: (width, height), letterbox)
            return (scale.numerator, scale.denominator)
        }
        #expect(scale(320, 240) == (1, 1))
        #expect(scale(640, 480) == (1, 1))
        #expect(scale(1280, 720) == (1, 2))
        #expect(scale(1920, 1080) == (1, 4))
        #expect(scale(8000, 6000) == (1, 8))
    }

    @Test("boxes are converted to pixels of the picture and clipped at its edges")
    func boxes() {
        let letterbox = Letterbox(pictureWidth: 832, pictureHeight: 624, inputWidth: 416, inputHeight: 320)
        func box(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float) -> Prediction.Box? {
            let candidate = YOLOX.Candidate(classID: 0, score: 1, left: left, top: top, right: right, bottom: bottom)
            return letterbox.box(of: candidate, pictureWidth: 832, pictureHeight: 624)
        }
        #expect(box(10, 20, 30, 40) == .init(left: 20, top: 40, right: 60, bottom: 80))
        #expect(box(-10, -20, 500, 400) == .init(left: 0, top: 0, right: 832, bottom: 624))
        #expect(box(-10, 20, -5, 40) == nil)
        #expect(box(10, 314, 20, 318) == nil)
        #expect(box(.infinity, 0, .infinity, 1) == nil)
        #expect(box(0, 0, 1e30, 1e30) == .init(left: 0, top: 0, right: 832, bottom: 624))
    }
}
