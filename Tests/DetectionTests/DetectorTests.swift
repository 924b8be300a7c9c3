import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Detection

@Suite("A detector", .enabled(if: Installed.runtime != nil, "needs ONNX Runtime: scripts/get-detector"))
struct DetectorTests {
    @Test("finds the stub's dog in a bright picture, in the picture's own pixels")
    func bright() throws {
        let found = try Installed.detector().detect(greyJPEG(255))
        #expect(found.width == 64)
        #expect(found.height == 64)
        #expect(found.inputWidth == 32)
        #expect(found.predictions.count == 1)
        let dog = try #require(found.predictions.first)
        #expect(dog.label == "dog")
        #expect(dog.classID == 16)
        #expect(abs(dog.confidence - 0.9) < 0.01)
        #expect(dog.box == .init(left: 8, top: 16, right: 40, bottom: 32))
        #expect(found.warning == nil)
    }

    @Test("is as sure as the picture is bright, and finds nothing in the dark")
    func dark() throws {
        let detector = try Installed.detector()
        let half = try detector.detect(greyJPEG(128)).predictions.first
        #expect(abs((half?.confidence ?? 0) - 0.9 * 128 / 255) < 0.01)
        #expect(try detector.detect(greyJPEG(0)).predictions.isEmpty)
    }

    @Test("takes pictures of any shape, one after the other", arguments: [(1, 1), (640, 480), (33, 500), (2000, 8)])
    func shapes(width: Int, height: Int) throws {
        let detector = try Installed.detector()
        for _ in 0..<3 {
            let found = try detector.detect(greyJPEG(255, width: width, height: height))
            #expect(found.width == width && found.height == height)
            for prediction in found.predictions {
                #expect(prediction.box.right <= width && prediction.box.bottom <= height)
            }
        }
    }

    @Test("says that a model is not there")
    func missingModel() {
        let error = #expect(throws: DetectionError.self) { try Installed.detector("/nowhere/model.onnx") }
        #expect(error?.kind == .modelMissing)
        #expect(error?.description == "there is no model at /nowhere/model.onnx: get one by scripts/get-detector")
    }

    @Test("says that a model is damaged, wherever it was cut")
    func truncatedModel() throws {
        let whole = try File.contents(of: Installed.stub)
        for count in [0, 1, 100, whole.count / 2, whole.count - 1] {
            let file = try TemporaryFile(Array(whole.prefix(count)))
            let error = #expect(throws: DetectionError.self) { try Installed.detector(file.path) }
            #expect(error?.kind == .modelUnusable)
            #expect(error?.description.hasPrefix("the model \(file.path) ") == true)
        }
    }

    @Test("says that a model is of another family")
    func otherFamily() throws {
        let file = try TemporaryFile(OtherModel.identity)
        let error = #expect(throws: DetectionError.self) { try Installed.detector(file.path) }
        #expect(error?.kind == .modelUnusable)
        #expect(
            error?.description
                == "the model \(file.path) is not of the YOLOX family: it makes 1x3x32x32 of 1x3x32x32")
    }

    @Test("wants a name for each class of its model")
    func labels() throws {
        let names = try TemporaryFile(Array("cat\ndog\n".utf8))
        let error = #expect(throws: DetectionError.self) {
            try Installed.detector(Installed.stub, labels: names.path)
        }
        #expect(error?.description.contains("tells 80 classes apart, but 2 names are given") == true)
        let enough = try TemporaryFile(Array((0..<80).map { "kind \($0)\r\n" }.joined().utf8))
        let found = try Installed.detector(Installed.stub, labels: enough.path).detect(greyJPEG(255))
        #expect(found.predictions.first?.label == "kind 16")
    }

    @Test("opens a model's fixed size, as a file that the runtime still takes")
    func openSize() throws {
        let runtime = try InferenceRuntime(path: Installed.runtime)
        let open = try #require(ModelFile.withOpenSize(try File.contents(of: Installed.stub)))
        let session = try open.withRawSpan { try InferenceSession(runtime, model: $0, threads: 1) }
        #expect(session.inputs == [.init(name: "images", isFloat: true, dimensions: [1, 3, nil, nil])])
    }

    @Test("finds in the real model what the photographs show", .enabled(if: Installed.model != nil, "needs a model"))
    func realModel() throws {
        // No photograph is kept here; Tests/DetectionTests/reference.py compares with others on any.
        let detector = try Installed.detector(#require(Installed.model))
        #expect(detector.description.labels.count == 80)
        let found = try detector.detect(greyJPEG(128, width: 1280, height: 720))
        #expect(found.inputWidth == 416 && found.inputHeight == 256)
    }
}

@Suite("A picture that is none", .enabled(if: Installed.runtime != nil, "needs ONNX Runtime: scripts/get-detector"))
struct BadPictureTests {
    private func kind(_ bytes: [UInt8]) throws -> DetectionError.Kind? {
        let detector = try Installed.detector()
        do {
            _ = try detector.detect(bytes)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("is refused: noise, nothing, a header alone, another format")
    func noise() throws {
        var state: UInt64 = 1
        let noise = (0..<100_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        #expect(try kind([]) == .badPicture)
        #expect(try kind(noise) == .badPicture)
        #expect(try kind([0xff, 0xd8] + noise) == .badPicture)
        #expect(try kind(Array("GIF89a".utf8)) == .badPicture)
        #expect(try kind(Array(greyJPEG(9).prefix(100))) == .badPicture)
    }

    @Test("is refused before it takes memory, when it claims to be huge")
    func huge() throws {
        var jpeg = try greyJPEG(9, width: 640, height: 480)
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x75, 0x30, 0x75, 0x30])
        #expect(try kind(jpeg) == .pictureTooLarge)
    }

    @Test("is refused when its scans would take for ever")
    func scans() throws {
        var jpeg = try greyJPEG(9, width: 2000, height: 2000)
        let scan = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xda })
        let rest = Array(jpeg[scan..<(jpeg.count - 2)])
        jpeg.removeLast(2)
        for _ in 0..<100 { jpeg += rest.prefix(14) + [0] }
        jpeg += [0xff, 0xd9]
        #expect(try kind(jpeg) == .pictureTooLarge)
    }

    @Test("that is cut is refused, or looked at as far as it goes")
    func truncated() throws {
        let detector = try Installed.detector()
        let cut = Array(try greyJPEG(255, width: 640, height: 480).dropLast(200))
        #expect(throws: DetectionError.self) { try detector.detect(cut) }
        let found = try detector.detect(cut, isTruncationAllowed: true)
        #expect(found.warning != nil)
        #expect(found.width == 640)
    }

    @Test("never ends the process, whatever its bytes", .timeLimit(.minutes(2)))
    func mutated() throws {
        let detector = try Installed.detector()
        let whole = try greyJPEG(200, width: 160, height: 120)
        var mutator = Mutator("damaged pictures")
        for _ in 0..<3000 {
            let jpeg = mutator.mutate(whole)
            do {
                _ = try detector.detect(jpeg, isTruncationAllowed: mutator.number(below: 2) == 0)
            } catch {
                #expect(error.kind == .badPicture || error.kind == .pictureTooLarge, "\(error)")
            }
        }
        #expect(try detector.detect(greyJPEG(255)).predictions.count == 1)
    }
}
