import DetectionTestSupport
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Detection

@Suite("ONNX Runtime")
struct RuntimeTests {
    @Test("a missing library is reported in one sentence, with the remedy")
    func missing() {
        let error = #expect(throws: DetectionError.self) {
            try InferenceRuntime(path: "/nowhere/libonnxruntime.so.1", prober: Installed.prober)
        }
        #expect(error?.kind == .runtimeMissing)
        #expect(
            error?.description
                == "there is no ONNX Runtime at /nowhere/libonnxruntime.so.1: install it with scripts/get-detector")
    }

    @Test("a file that is not a library is reported")
    func noLibrary() throws {
        let file = try TemporaryFile(Array("not a library".utf8))
        let error = #expect(throws: DetectionError.self) {
            try InferenceRuntime(path: "\(file.path)", prober: Installed.prober)
        }
        #expect(error?.kind == .runtimeUnusable)
        #expect(error?.description.hasPrefix("cannot load ONNX Runtime: ") == true)
        #expect(error?.description.hasSuffix(": reinstall it with scripts/get-detector") == true)
    }

    @Test(
        "a wrong library does not stay loaded: after it is replaced, the new file is examined",
        .enabled(if: FakeRuntime.isPossible, "there is no C compiler"))
    func replaced() throws {
        let wrong = try FakeRuntime(version: "1", entry: "Other")
        func sentence() -> String? {
            #expect(throws: DetectionError.self) { try InferenceRuntime(path: wrong.path, prober: Installed.prober) }?
                .description
        }
        #expect(sentence()?.contains("does not export OrtGetApiBase") == true)
        for version in ["1.10.0", "1.11.0"] {
            let other = try FakeRuntime(version: version)
            #expect(unsafe rename(other.path, wrong.path) == 0)
            #expect(sentence() == "ONNX Runtime \(version) at \(wrong.path) is too old: 1.14 or newer is needed")
        }
    }

    @Test(
        "a library that was truncated, for example by a full disk, is reported and does not crash the process",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func truncated() throws {
        let path = try InferenceRuntime(path: Installed.runtime, prober: Installed.prober).path
        let whole = try File.contents(of: FilePath(path), maximumByteCount: 1 << 30)
        for count in [whole.count / 10, whole.count / 2, whole.count - 100_000] {
            let file = try TemporaryFile(Array(whole.prefix(count)))
            let error = #expect(throws: DetectionError.self) {
                try InferenceRuntime(path: "\(file.path)", prober: Installed.prober)
            }
            #expect(error?.kind == .runtimeUnusable)
            #expect(
                error?.description.hasPrefix("cannot load ONNX Runtime: \(file.path) is truncated or damaged") == true,
                "\(String(describing: error))")
            #expect(error?.description.hasSuffix("reinstall it with scripts/get-detector") == true)
        }
    }

    @Test("the library and the model are searched for first in the folder where scripts/get-detector installs them")
    func folder() throws {
        #expect(RuntimeSearch.candidates(folder: "/nowhere").first == "/nowhere/lib/libonnxruntime.so.1")
        let places = DetectorConfiguration(folder: "/nowhere")
        #expect(places.modelPath == "/nowhere/models/model.onnx" || places.sources.first != .some(nil))
        #expect(DetectorConfiguration(model: "/own", folder: "/nowhere").modelPath == "/own")
    }

    @Test("a library that is not ONNX Runtime is reported")
    func otherLibrary() {
        let error = #expect(throws: DetectionError.self) {
            try InferenceRuntime(path: "libm.so.6", prober: Installed.prober)
        }
        #expect(
            error?.description
                == "libm.so.6 is not ONNX Runtime (it does not export OrtGetApiBase): reinstall it with scripts/get-detector"
        )
    }

    @Test(
        "a library that is not ONNX Runtime is not loaded into this process, whatever its constructor does",
        .enabled(if: FakeRuntime.isPossible, "there is no C compiler"))
    func harmful() throws {
        func sentence(_ entry: String, _ atLoading: String) throws -> String {
            let fake = try FakeRuntime(version: "1.28.0", entry: entry, atLoading: atLoading)
            let error = #expect(throws: DetectionError.self) {
                try InferenceRuntime(path: fake.path, prober: Installed.prober)
            }
            #expect(error?.kind == .runtimeUnusable)
            return error?.description.replacing(fake.path, with: "FILE") ?? ""
        }
        let variable = "ORIEL_TEST_LIBRARY_IS_LOADED"
        #expect(
            try sentence("Other", "setenv(\"\(variable)\", \"1\", 1);")
                == "FILE is not ONNX Runtime (it does not export OrtGetApiBase): reinstall it with scripts/get-detector"
        )
        #expect(Environment.value(variable) == nil)
        func damaged(_ end: String) -> String {
            """
            cannot load ONNX Runtime: FILE is truncated or damaged (loading it \(end)): \
            reinstall it with scripts/get-detector
            """
        }
        #expect(try sentence("OrtGetApiBase", "_Exit(0);") == damaged("makes the process exit with status 0"))
        #expect(try sentence("OrtGetApiBase", "abort();") == damaged("kills the process with signal 6"))
    }

    @Test("a version that is too old is reported", .enabled(if: FakeRuntime.isPossible, "there is no C compiler"))
    func tooOld() throws {
        let fake = try FakeRuntime(version: "1.10.0")
        let error = #expect(throws: DetectionError.self) {
            try InferenceRuntime(path: fake.path, prober: Installed.prober)
        }
        #expect(error?.kind == .runtimeUnusable)
        #expect(
            error?.description == "ONNX Runtime 1.10.0 at \(fake.path) is too old: 1.14 or newer is needed")
    }

    @Test(
        "the installed library reports its version, and its telemetry is disabled",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func installed() throws {
        let runtime = try InferenceRuntime(path: Installed.runtime, prober: Installed.prober)
        #expect(runtime.version.split(separator: ".").count == 3)
        #expect(Environment.value("ORT_DISABLE_TELEMETRY") == "1")
    }
}
