import Glibc
import Linux
public import SystemPackage

/// ONNX Runtime, loaded while the program runs: nothing is linked, and everything else works without it.
@safe
public final class InferenceRuntime {
    /// The library's file.
    public let path: String
    /// The version that the library reports, such as `1.28.0`.
    public let version: String
    let functions: RuntimeFunctions
    let environment: OpaquePointer

    // OrtApiBase, which the library's only entry point returns: two functions.
    private typealias Entry = @convention(c) () -> UnsafePointer<UnsafeRawPointer>?
    private typealias Table = @convention(c) (UInt32) -> UnsafePointer<UnsafeRawPointer>?
    private typealias Version = @convention(c) () -> UnsafePointer<CChar>?

    private static let entryName = "OrtGetApiBase"

    /// Whether the library's entry point gives what ONNX Runtime's does: two functions, of which one tells a version.
    private static let isRuntime: LibraryTrial.Check = { entry in
        guard let base = unsafe unsafeBitCast(entry, to: Entry.self)(),
            let version = unsafe unsafeBitCast(base[1], to: Version.self)()
        else { return false }
        _ = unsafe unsafeBitCast(base[0], to: Table.self)(RuntimeFunctions.tableVersion)
        return unsafe strlen(version) > 0
    }

    /// The oldest version whose table is complete enough.
    static let oldestVersion = "1.14"

    /// Loads the library at `path`, or the first of ``RuntimeSearch/candidates(folder:)`` that loads.
    ///
    /// To be called while the process has one thread, or none that reads the environment: libraries from 1.29 on
    /// report to their maker unless a variable forbids it, and it is set here.
    public convenience init(path: String? = nil, folder: FilePath? = nil) throws(DetectionError) {
        var refusals: [String] = []
        var failure: DetectionError?
        for candidate in path.map({ [$0] }) ?? RuntimeSearch.candidates(folder: folder) {
            do throws(DetectionError) {
                try self.init(library: candidate)
                return
            } catch {
                if error.kind != .runtimeMissing, failure == nil { failure = error }
                refusals.append(candidate)
            }
        }
        throw failure
            ?? DetectionError(
                .runtimeMissing,
                path.map { "there is no ONNX Runtime at \($0): install it by scripts/get-detector" }
                    ?? "ONNX Runtime (libonnxruntime.so.1) is not installed: install it by scripts/get-detector")
    }

    private init(library candidate: String) throws(DetectionError) {
        unsafe setenv("ORT_DISABLE_TELEMETRY", "1", 1)
        let library: SharedLibrary
        do throws(SharedLibrary.LoadingFailure) {
            library = try unsafe SharedLibrary(candidate, with: Self.entryName, isFit: Self.isRuntime)
        } catch {
            throw Self.error(error, candidate)
        }
        guard let entry = unsafe library.function(Self.entryName) else {
            library.close()
            throw Self.error(.other("it has no \(Self.entryName)"), candidate)
        }
        guard let base = unsafe unsafeBitCast(entry, to: Entry.self)() else {
            library.close()
            throw DetectionError(.runtimeUnusable, "\(candidate) does not start: OrtGetApiBase gives nothing")
        }
        let version =
            unsafe unsafeBitCast(base[1], to: Version.self)().map { unsafe String(cString: $0) }
            ?? "unknown"
        guard let table = unsafe unsafeBitCast(base[0], to: Table.self)(RuntimeFunctions.tableVersion) else {
            library.close()
            throw DetectionError(
                .runtimeUnusable,
                "ONNX Runtime \(version) at \(candidate) is too old: \(Self.oldestVersion) or newer is needed")
        }
        let functions = unsafe RuntimeFunctions(table: table)
        do throws(RuntimeFailure) {
            // Level 3: errors alone.
            unsafe environment = try functions.made { unsafe functions.createEnvironment(3, "oriel", $0) }
        } catch {
            throw DetectionError(.runtimeUnusable, "ONNX Runtime \(version) at \(candidate) does not start: \(error)")
        }
        self.functions = functions
        self.version = version
        self.path = candidate
    }

    /// What is wrong with a library, and how to mend it.
    private static func error(_ failure: SharedLibrary.LoadingFailure, _ candidate: String) -> DetectionError {
        let remedy = "get it again by scripts/get-detector"
        switch failure {
        case .refused(let reason):
            let isThere = candidate.contains("/") && (try? FileStatus(at: FilePath(candidate))) != nil
            guard isThere else { return DetectionError(.runtimeMissing, reason) }
            return DetectionError(.runtimeUnusable, "ONNX Runtime cannot be loaded: \(reason): \(remedy)")
        case .damaged(let reason):
            return DetectionError(.runtimeUnusable, "ONNX Runtime cannot be loaded: \(reason): \(remedy)")
        case .other(let reason):
            return DetectionError(.runtimeUnusable, "\(candidate) is not ONNX Runtime (\(reason)): \(remedy)")
        }
    }
}
