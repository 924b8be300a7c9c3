import DetectionTestSupport
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Detection

@Suite("A detector", .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
struct DetectorTests {
    @Test("the detector finds the stub model's dog in a bright picture, with a box in pixels of the picture")
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

    @Test("the confidence of the stub model is proportional to the picture's brightness")
    func dark() throws {
        let detector = try Installed.detector()
        let half = try detector.detect(greyJPEG(128)).predictions.first
        #expect(abs((half?.confidence ?? 0) - 0.9 * 128 / 255) < 0.01)
        #expect(try detector.detect(greyJPEG(0)).predictions.isEmpty)
    }

    @Test(
        "one detector can process pictures of any shape repeatedly",
        arguments: [(1, 1), (640, 480), (33, 500), (2000, 8)])
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

    @Test("a missing model is reported")
    func missingModel() {
        let error = #expect(throws: DetectionError.self) { try Installed.detector("/nowhere/model.onnx") }
        #expect(error?.kind == .modelMissing)
        #expect(error?.description == "there is no model at /nowhere/model.onnx: install one with scripts/get-detector")
    }

    @Test("a truncated model is reported, wherever it was truncated")
    func truncatedModel() throws {
        let whole = try File.contents(of: Installed.stub)
        for count in [0, 1, 100, whole.count / 2, whole.count - 1] {
            let file = try TemporaryFile(Array(whole.prefix(count)))
            let error = #expect(throws: DetectionError.self) { try Installed.detector(file.path) }
            #expect(error?.kind == .modelUnusable)
            let reason =
                count < 100 ? (count == 0 ? "it is empty" : "it is not an ONNX model") : "it is truncated or damaged"
            #expect(
                error?.description
                    == "cannot load the model \(file.path) (\(reason)): reinstall it with scripts/get-detector")
        }
        let noise = try TemporaryFile(Array("# Not a model at all.".utf8))
        let error = #expect(throws: DetectionError.self) { try Installed.detector(noise.path) }
        #expect(error?.description.contains("(it is not an ONNX model)") == true)
    }

    @Test("a model that is a folder or is not a regular file is reported")
    func noFile() {
        for (path, name) in [("/tmp", "a folder"), ("/dev/null", "not a regular file")] as [(FilePath, String)] {
            let error = #expect(throws: DetectionError.self) { try Installed.detector(path) }
            #expect(error?.kind == .modelUnusable)
            #expect(error?.description.hasPrefix("the model \(path) is \(name): use an ONNX file") == true)
        }
    }

    @Test("a model that is not a YOLOX model is reported")
    func otherFamily() throws {
        let file = try TemporaryFile(OtherModel.identity())
        let error = #expect(throws: DetectionError.self) { try Installed.detector(file.path) }
        #expect(error?.kind == .modelUnusable)
        #expect(
            error?.description
                == "the model \(file.path) is not a YOLOX model: its input is 1x3x32x32, and its output is 1x3x32x32")
        let whole = try TemporaryFile(OtherModel.identity(of: 7))
        let other = #expect(throws: DetectionError.self) { try Installed.detector(whole.path) }
        #expect(other?.description.hasSuffix(": its input is not 32-bit floating-point") == true)
    }

    @Test("each class of the model must have a name")
    func labels() throws {
        let names = try TemporaryFile(Array("cat\ndog\n".utf8))
        let error = #expect(throws: DetectionError.self) {
            try Installed.detector(Installed.stub, labels: names.path)
        }
        #expect(error?.description.contains("has 80 classes, but there are 2 class names") == true)
        let enough = try TemporaryFile(Array((0..<80).map { "kind \($0)\r\n" }.joined().utf8))
        let found = try Installed.detector(Installed.stub, labels: enough.path).detect(greyJPEG(255))
        #expect(found.predictions.first?.label == "kind 16")
    }

    @Test("a model with a fixed input size is changed to a dynamic size, and the runtime accepts the changed model")
    func openSize() throws {
        let runtime = try InferenceRuntime(path: Installed.runtime)
        let open = try #require(ModelFile.withDynamicSize(try File.contents(of: Installed.stub)))
        let session = try open.withRawSpan { try InferenceSession(runtime, model: $0, threads: 1) }
        #expect(session.inputs == [.init(name: "images", isFloat: true, dimensions: [1, 3, nil, nil])])
    }

    @Test(
        "the real model can be loaded and processes a picture",
        .enabled(if: Installed.model != nil, "no model is installed: run scripts/get-detector"))
    func realModel() throws {
        // The repository contains no photographs, so this test does not check which objects are found. To check that
        // with photographs of your own, use Tests/DetectionTests/reference.py.
        let detector = try Installed.detector(#require(Installed.model))
        #expect(detector.description.labels.count == 80)
        let found = try detector.detect(greyJPEG(128, width: 1280, height: 720))
        #expect(found.inputWidth == 416 && found.inputHeight == 256)
    }
}

@Suite(
    "An invalid picture",
    .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
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

    @Test("noise, empty input, a picture truncated within its headers, and other formats are refused")
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

    @Test("a picture that claims a huge size is refused before memory is allocated for it")
    func huge() throws {
        var jpeg = try greyJPEG(9, width: 640, height: 480)
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x75, 0x30, 0x75, 0x30])
        #expect(try kind(jpeg) == .pictureTooLarge)
    }

    @Test("a picture with too many scans is refused")
    func scans() throws {
        var jpeg = try greyJPEG(9, width: 2000, height: 2000)
        let scan = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xda })
        let rest = Array(jpeg[scan..<(jpeg.count - 2)])
        jpeg.removeLast(2)
        for _ in 0..<100 { jpeg += rest.prefix(14) + [0] }
        jpeg += [0xff, 0xd9]
        #expect(try kind(jpeg) == .pictureTooLarge)
    }

    @Test("a truncated picture is refused, or processed as far as possible if truncation is allowed")
    func truncated() throws {
        let detector = try Installed.detector()
        let cut = Array(try greyJPEG(255, width: 640, height: 480).dropLast(200))
        #expect(throws: DetectionError.self) { try detector.detect(cut) }
        let found = try detector.detect(cut, isTruncationAllowed: true)
        #expect(found.warning != nil)
        #expect(found.width == 640)
    }

    @Test("a picture without quantization tables is refused, not decoded with the tables of the previous picture")
    func tables() throws {
        let detector = try Installed.detector()
        let whole = try greyJPEG(255)
        _ = try detector.detect(whole)
        // Change the marker of the quantization tables (DQT) to APP9, whose segments a decoder ignores.
        var bare = whole
        for index in whole.indices.dropLast() where whole[index] == 0xff && whole[index + 1] == 0xdb {
            bare[index + 1] = 0xe9
        }
        #expect(bare != whole)
        let error = #expect(throws: DetectionError.self) { try detector.detect(bare) }
        #expect(error?.kind == .badPicture)
        #expect(throws: DetectionError.self) { try detector.detect(bare, isTruncationAllowed: true) }
        #expect(try detector.detect(whole).predictions.count == 1)
    }

    @Test("a damaged picture is refused, or processed if truncation is allowed, which is the case for a camera's")
    func damaged() throws {
        let detector = try Installed.detector()
        let whole = try greyJPEG(255, width: 640, height: 480)
        var larger = whole
        let frame = try #require(whole.indices.first { whole[$0] == 0xff && whole[$0 + 1] == 0xc0 })
        larger.replaceSubrange((frame + 5)..<(frame + 9), with: [4, 0, 4, 0])
        for jpeg in [Array(whole.dropLast(200)) + [0xff, 0xd9], larger] {
            let error = #expect(throws: DetectionError.self) { try detector.detect(jpeg) }
            #expect(error?.kind == .badPicture)
            #expect(error?.description.hasPrefix("the picture is damaged: ") == true)
            #expect(try detector.detect(jpeg, isTruncationAllowed: true).warning != nil)
        }
        // Some cameras pad the picture data. Such a picture does not count as damaged.
        let padded = Array(whole.dropLast(2)) + [1, 2, 3, 0xff, 0xd9]
        #expect(try detector.detect(padded).predictions.count == 1)
    }

    @Test("a picture of arbitrary bytes cannot make detection crash", .timeLimit(.minutes(2)))
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
