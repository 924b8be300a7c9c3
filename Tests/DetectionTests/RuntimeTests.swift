import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Detection

@Suite("ONNX Runtime")
struct RuntimeTests {
    @Test("that is missing is told in one sentence, with the remedy")
    func missing() {
        let error = #expect(throws: DetectionError.self) { try InferenceRuntime(path: "/nowhere/libonnxruntime.so.1") }
        #expect(error?.kind == .runtimeMissing)
        #expect(
            error?.description
                == "there is no ONNX Runtime at /nowhere/libonnxruntime.so.1: install it by scripts/get-detector")
    }

    @Test("that is no library is told so")
    func noLibrary() throws {
        let file = try TemporaryFile(Array("not a library".utf8))
        let error = #expect(throws: DetectionError.self) { try InferenceRuntime(path: "\(file.path)") }
        #expect(error?.kind == .runtimeUnusable)
        #expect(error?.description.hasPrefix("ONNX Runtime cannot be loaded: ") == true)
    }

    @Test("that is another library is told so")
    func otherLibrary() {
        let error = #expect(throws: DetectionError.self) { try InferenceRuntime(path: "libm.so.6") }
        #expect(error?.description == "libm.so.6 is not ONNX Runtime: it has no OrtGetApiBase")
    }

    @Test("that is too old is told so, with its version", .enabled(if: FakeRuntime.isPossible, "needs a C compiler"))
    func tooOld() throws {
        let fake = try FakeRuntime(version: "1.10.0")
        let error = #expect(throws: DetectionError.self) { try InferenceRuntime(path: fake.path) }
        #expect(error?.kind == .runtimeUnusable)
        #expect(
            error?.description == "ONNX Runtime 1.10.0 at \(fake.path) is too old: 1.14 or newer is needed")
    }

    @Test(
        "that is installed tells its version", .enabled(if: Installed.runtime != nil, "needs scripts/get-detector"))
    func installed() throws {
        let runtime = try InferenceRuntime(path: Installed.runtime)
        #expect(runtime.version.split(separator: ".").count == 3)
        #expect(Environment.value("ORT_DISABLE_TELEMETRY") == "1")
    }
}
