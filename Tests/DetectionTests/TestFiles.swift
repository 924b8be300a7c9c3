import Glibc
import Linux
import SystemPackage
import TestSupport

/// A temporary file, which is removed when this object is released.
final class TemporaryFile {
    let path: FilePath

    init(_ bytes: [UInt8], suffix: String = "") throws {
        path = FilePath("/tmp/oriel-detection-\(getpid())-\(UInt64.random(in: 0...(.max)))\(suffix)")
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    deinit {
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
    }
}

/// A library that claims to be ONNX Runtime but lacks its functions.
final class FakeRuntime {
    private let source: TemporaryFile
    let path: String

    private static let compilers = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
    static let isPossible = compilers.contains { (try? FileStatus(at: FilePath($0))) != nil }

    /// Compiles the library.
    ///
    /// - Parameters:
    ///   - version: The version that the library reports.
    ///   - entry: The name of the only function that it exports.
    ///   - atLoading: The C code of its constructor, which runs when the library is loaded.
    /// - Throws: If the library cannot be compiled.
    init(version: String, entry: String = "OrtGetApiBase", atLoading: String = "") throws {
        source = try TemporaryFile(
            Array(
                """
                #include <stdlib.h>
                #include <unistd.h>
                __attribute__((constructor)) static void loaded(void) { \(atLoading) }
                static const void *table(unsigned version) { return 0; }
                static const char *version(void) { return "\(version)"; }
                static struct { const void *(*table)(unsigned); const char *(*version)(void); } base = { table, version };
                const void *\(entry)(void) { return &base; }
                """.utf8), suffix: ".c")
        path = "\(source.path).so"
        let compiler = Self.compilers.first { (try? FileStatus(at: FilePath($0))) != nil } ?? "cc"
        let child = try ChildProcess(compiler, ["-shared", "-fPIC", "-o", path, "\(source.path)"])
        guard child.wait() == 0 else { throw SystemError(compiler, "\(source.path)", .invalidArgument) }
    }

    deinit { unsafe unlink(path) }
}

/// A hand-written ONNX model that is not a detector.
enum OtherModel {
    /// Returns a model whose output equals its input, a tensor of 1x3x32x32 elements.
    ///
    /// `element` is the type of the input's elements (TensorProto.DataType): 1 is float, 7 is int64.
    static func identity(of element: UInt8 = 1) -> [UInt8] {
        let shape = [1, 3, 32, 32].flatMap { field(1, [0x08, UInt8($0)]) }
        func value(_ name: String) -> [UInt8] {
            field(1, Array(name.utf8)) + field(2, field(1, [0x08, element] + field(2, shape)))
        }
        let node = field(1, Array("x".utf8)) + field(2, Array("y".utf8)) + field(4, Array("Identity".utf8))
        let graph =
            field(1, node) + field(2, Array("identity".utf8)) + field(11, value("x")) + field(12, value("y"))
        // The model uses version 6 of the ONNX format and version 11 of the operator set.
        return [0x08, 6] + field(7, graph) + field(8, [0x10, 11])
    }

    /// Returns a length-delimited field, as Protocol Buffers encode it.
    ///
    /// `content` is shorter than 16384 bytes, so its length is encoded in one or two bytes.
    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        let length =
            content.count < 128
            ? [UInt8(content.count)] : [UInt8(content.count & 0x7f | 0x80), UInt8(content.count >> 7)]
        return [number << 3 | 2] + length + content
    }
}
