import Glibc
import Linux
import SystemPackage
import Testing

@Suite struct FileTests {
    @Test("a file of any size is read completely", arguments: [0, 1, 4095, 4096, 100_000])
    func contents(byteCount: Int) throws {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let path = FilePath("/tmp/oriel-file-\(UInt64.random(in: 0 ... .max))")
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        defer { _ = unsafe unlink(path.string) }
        try file.closeAfter { _ = try file.writeAll(bytes) }
        #expect(try File.contents(of: path) == bytes)
    }

    @Test("a file that does not report its size is read to its end")
    func unknownSize() throws {
        #expect(try !File.contents(of: "/proc/self/status").isEmpty)
    }

    @Test("a file that is too large or does not exist is an error")
    func errors() {
        #expect(throws: SystemError("read", "/proc/self/status", .fileTooLarge)) {
            try File.contents(of: "/proc/self/status", maximumByteCount: 10)
        }
        #expect(throws: SystemError("open", "/nonexistent", .noSuchFileOrDirectory)) {
            try File.contents(of: "/nonexistent")
        }
    }

    @Test("a pipe without a writer and an endless device are rejected at once", .timeLimit(.minutes(1)))
    func endless() throws {
        let pipe = "/tmp/oriel-pipe-\(UInt64.random(in: 0 ... .max))"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        defer { _ = unsafe unlink(pipe) }
        for path in [pipe, "/dev/zero"] {
            #expect(throws: SystemError("read", path, .noSuchAddressOrDevice)) {
                try File.contents(of: FilePath(path))
            }
        }
    }

    @Test("folders and devices are distinguished from files")
    func kinds() throws {
        #expect(try FileStatus(at: "/dev").kind == .folder)
        #expect(try FileStatus(at: "/dev/null").kind == .characterDevice)
        #expect(try FileStatus(at: "/etc/passwd").kind == .file)
    }
}
