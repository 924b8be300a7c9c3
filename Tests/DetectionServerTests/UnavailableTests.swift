import DetectionTestSupport
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A detection worker without model or runtime", .timeLimit(.minutes(1)))
struct UnavailableTests {
    @Test("without ONNX Runtime, every response and the status say that it is missing")
    func missing() throws {
        let detector = try TestDetector(runtime: "/nowhere/libonnxruntime.so.1")
        try detector.waitUntilLoaded()
        let answer = try detector.detect([1])
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "10")
        let sentence = "there is no ONNX Runtime at /nowhere/libonnxruntime.so.1: install it with scripts/get-detector"
        #expect(answer.text.contains("\"error\":\"runtime_missing\""))
        #expect(answer.text.contains("Detection is not available: \(sentence)."))
        let status = try detector.ask("/detect/status", method: "GET")
        #expect(status.status == 200)
        #expect(status.text.contains("\"ready\":false,\"error\":\"runtime_missing\""))
        #expect(status.text.contains(sentence))
    }

    @Test(
        "files that are installed while the worker runs are found, even if only the status is requested",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func installedMeanwhile() throws {
        let folder = TemporaryFolder()
        let model = folder.path.appending("stub_yolox_32.onnx")
        let detector = try TestDetector(model: model)
        try detector.waitUntilLoaded()
        func status() throws -> String { try detector.ask("/detect/status", method: "GET").text }
        #expect(try status().contains("\"error\":\"model_missing\""))
        let file = try FileDescriptor.open(model, .writeOnly, options: .create, permissions: .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(File.contents(of: Installed.stub)) }
        #expect(try eventually(30) { try status().contains("\"ready\":true") })
        #expect(try detector.detect(greyJPEG(255)).status == 200)
    }

    @Test(
        "a model that was replaced is loaded, and an invalid one is reported",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func otherModel() throws {
        let folder = TemporaryFolder()
        let (model, new) = (folder.path.appending("model.onnx"), folder.path.appending("new"))
        // Install as scripts/get-detector does: the model's name is a symbolic link to the current file.
        func install(_ name: String, _ bytes: [UInt8]) throws {
            let target = folder.path.appending(name)
            let file = try FileDescriptor.open(target, .writeOnly, options: .create, permissions: .ownerReadWrite)
            _ = try file.closeAfter { try file.writeAll(bytes) }
            #expect(unsafe symlink("\(target)", "\(new)") == 0)
            #expect(unsafe rename("\(new)", "\(model)") == 0)
        }
        let stub = try File.contents(of: Installed.stub)
        try install("first.onnx", stub)
        let detector = try TestDetector(model: model)
        try detector.waitUntilLoaded()
        func status() throws -> String { try detector.ask("/detect/status", method: "GET").text }
        #expect(try status().contains("\"name\":\"first\""))
        try install("second.onnx", stub)
        #expect(try eventually(30) { try status().contains("\"name\":\"second\"") })
        #expect(try detector.detect(greyJPEG(255)).status == 200)
        try install("third.onnx", Array(stub.dropLast(9)))
        #expect(try eventually(30) { try status().contains("\"error\":\"model_unusable\"") })
        try install("fourth.onnx", stub)
        #expect(try eventually(30) { try status().contains("\"name\":\"fourth\"") })
    }

    @Test(
        "if ONNX Runtime is replaced, that is reported, and the worker continues with the loaded library",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func otherRuntime() throws {
        let folder = TemporaryFolder()
        let (runtime, new) = (folder.path.appending("libonnxruntime.so.1"), folder.path.appending("new"))
        let library = try #require(Installed.runtime)
        #expect(unsafe symlink(library, "\(runtime)") == 0)
        let detector = try TestDetector(runtime: "\(runtime)")
        try detector.waitUntilLoaded()
        func status() throws -> String { try detector.ask("/detect/status", method: "GET").text }
        #expect(try status().contains("\"ready\":true"))
        #expect(try !status().contains("\"notice\""))
        #expect(unsafe symlink("\(Installed.stub)", "\(new)") == 0)
        #expect(unsafe rename("\(new)", "\(runtime)") == 0)
        #expect(try eventually(30) { try status().contains("restart detect-fcgi to use it") })
        #expect(try detector.detect(greyJPEG(255)).status == 200)
    }
}
