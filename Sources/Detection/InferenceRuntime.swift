import Glibc
import Linux
public import SystemPackage

/// ONNX Runtime, which is loaded at run time, so that everything except detection works without it.
@safe
public final class InferenceRuntime {
    /// The path of the library.
    public let path: String
    /// The library's version, such as `1.28.0`.
    public let version: String
    let functions: RuntimeFunctions
    let environment: OpaquePointer

    // The entry point of the library returns a pointer to OrtApiBase, which consists of two function pointers.
    private typealias Entry = @convention(c) () -> UnsafePointer<UnsafeRawPointer>?
    private typealias Table = @convention(c) (UInt32) -> UnsafePointer<UnsafeRawPointer>?
    private typealias Version = @convention(c) () -> UnsafePointer<CChar>?

    static let entryName = "OrtGetApiBase"

    /// Returns whether the entry point returns a valid OrtApiBase with a version.
    static func isRuntime(_ entry: UnsafeMutableRawPointer) -> Bool {
        guard let base = unsafe unsafeBitCast(entry, to: Entry.self)(),
            let version = unsafe unsafeBitCast(base[1], to: Version.self)()
        else { return false }
        _ = unsafe unsafeBitCast(base[0], to: Table.self)(RuntimeFunctions.tableVersion)
        return unsafe strlen(version) > 0
    }

    /// The oldest version that has all required functions.
    static let minimumVersion = "1.14"

    /// Loads the library at `path`.
    ///
    /// If `path` is nil, loads the first of ``RuntimeSearch/candidates(folder:)`` that can be loaded. Call this
    /// initializer while no other thread reads the environment, because it sets an environment variable. The variable
    /// disables telemetry, which ONNX Runtime has sent by default since version 1.29.
    public convenience init(
        path: String? = nil, folder: FilePath? = nil, prober: FilePath? = nil
    ) throws(DetectionError) {
        var refusals: [String] = []
        var failure: DetectionError?
        for candidate in path.map({ [$0] }) ?? RuntimeSearch.candidates(folder: folder) {
            do throws(DetectionError) {
                try self.init(library: candidate, prober: prober)
                return
            } catch {
                if error.kind != .runtimeMissing, failure == nil { failure = error }
                refusals.append(candidate)
            }
        }
        throw failure
            ?? DetectionError(
                .runtimeMissing,
                path.map { "there is no ONNX Runtime at \($0): install it with scripts/get-detector" }
                    ?? "ONNX Runtime (libonnxruntime.so.1) is not installed: install it with scripts/get-detector")
    }

    private init(library candidate: String, prober: FilePath?) throws(DetectionError) {
        unsafe setenv("ORT_DISABLE_TELEMETRY", "1", 1)
        let library: SharedLibrary
        do throws(SharedLibrary.LoadingFailure) {
            library = try SharedLibrary(candidate, prober: prober)
        } catch {
            throw Self.error(error, candidate)
        }
        guard let entry = unsafe library.function(Self.entryName) else {
            library.close()
            throw Self.error(.other("it does not export \(Self.entryName)"), candidate)
        }
        guard let base = unsafe unsafeBitCast(entry, to: Entry.self)() else {
            library.close()
            throw DetectionError(.runtimeUnusable, "\(candidate) cannot be used: OrtGetApiBase returned null")
        }
        let version =
            unsafe unsafeBitCast(base[1], to: Version.self)().map { unsafe String(cString: $0) }
            ?? "unknown"
        guard let table = unsafe unsafeBitCast(base[0], to: Table.self)(RuntimeFunctions.tableVersion) else {
            library.close()
            throw DetectionError(
                .runtimeUnusable,
                "ONNX Runtime \(version) at \(candidate) is too old: \(Self.minimumVersion) or newer is needed")
        }
        let functions = unsafe RuntimeFunctions(table: table)
        do throws(RuntimeFailure) {
            // 3 is the log level for errors (ORT_LOGGING_LEVEL_ERROR).
            unsafe environment = try functions.made { unsafe functions.createEnvironment(3, "oriel", $0) }
        } catch {
            throw DetectionError(.runtimeUnusable, "cannot start ONNX Runtime \(version) at \(candidate): \(error)")
        }
        self.functions = functions
        self.version = version
        self.path = candidate
    }

    /// Returns the error for a library that could not be loaded.
    private static func error(_ failure: SharedLibrary.LoadingFailure, _ candidate: String) -> DetectionError {
        let remedy = "reinstall it with scripts/get-detector"
        switch failure {
        case .refused(let reason):
            let isThere = candidate.contains("/") && (try? FileStatus(at: FilePath(candidate))) != nil
            guard isThere else { return DetectionError(.runtimeMissing, reason) }
            return DetectionError(.runtimeUnusable, "cannot load ONNX Runtime: \(reason): \(remedy)")
        case .damaged(let reason):
            return DetectionError(.runtimeUnusable, "cannot load ONNX Runtime: \(reason): \(remedy)")
        case .other(let reason):
            return DetectionError(.runtimeUnusable, "\(candidate) is not ONNX Runtime (\(reason)): \(remedy)")
        }
    }
}
