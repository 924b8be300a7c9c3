import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A detection worker that lacks something", .timeLimit(.minutes(1)))
struct UnavailableTests {
    @Test("says so in each answer and in its status")
    func missing() throws {
        let detector = try TestDetector(runtime: "/nowhere/libonnxruntime.so.1")
        try detector.waitUntilLoaded()
        let answer = try detector.detect([1])
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "10")
        let sentence = "there is no ONNX Runtime at /nowhere/libonnxruntime.so.1: install it by scripts/get-detector"
        #expect(answer.text.contains("\"error\":\"runtime_missing\""))
        #expect(answer.text.contains("Nothing can be detected: \(sentence)."))
        let status = try detector.ask("/detect/status", method: "GET")
        #expect(status.status == 200)
        #expect(status.text.contains("\"ready\":false,\"error\":\"runtime_missing\""))
        #expect(status.text.contains(sentence))
    }

    @Test(
        "finds what is installed while it runs, whoever looks: nobody need ask in vain for a picture",
        .enabled(if: Installed.runtime != nil, "needs ONNX Runtime: scripts/get-detector"))
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
}
