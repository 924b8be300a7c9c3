import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("A detector that hangs", .timeLimit(.minutes(2)))
struct HangTests {
    private static let compilers = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
    static let compiler = compilers.first { (try? FileStatus(at: FilePath($0))) != nil }

    /// Compiles a library that looks like ONNX Runtime, but whose functions never return.
    ///
    /// Returns the path of the library.
    private func hangingRuntime(in folder: TemporaryFolder) throws -> FilePath {
        let source = try folder.write(
            """
            #include <unistd.h>
            static void *hang(void) { for (;;) pause(); }
            static const void *functions[400];
            static const void *table(unsigned version) {
                for (int index = 0; index < 400; index++) functions[index] = (const void *)hang;
                return functions;
            }
            static const char *version(void) { return "1.28.0"; }
            static struct { const void *(*table)(unsigned); const char *(*version)(void); } base = { table, version };
            const void *OrtGetApiBase(void) { return &base; }
            """, to: "hang.c")
        let library = folder.path.appending("libonnxruntime.so.1")
        let compiled = try ChildProcess.run(
            try #require(Self.compiler), ["-shared", "-fPIC", "-w", "-o", library.string, source.string])
        try #require(compiled.status == 0)
        return library
    }

    private func start(_ folder: TemporaryFolder, _ socket: FilePath, _ timeout: String) throws -> ChildProcess {
        let listener = try Socket.listen(at: socket)
        let program = FilePath(try ChildProcess.buildFolder()).appending("detect-fcgi")
        let library = try hangingRuntime(in: folder)
        return try ChildProcess(
            program.string,
            ["--runtime", library.string, "--runtime-dir", folder.path.string, "--hang-timeout", timeout],
            input: listener.number, log: "\(folder.path)/log")
    }

    @Test(
        "a detector that hangs makes detect-fcgi exit with status 70, so that it is restarted",
        .enabled(if: compiler != nil, "there is no C compiler"))
    func ends() throws {
        let folder = TemporaryFolder()
        let child = try start(folder, folder.path.appending("detect.sock"), "0.5")
        #expect(child.wait(milliseconds: 20_000) == 70)
        let log = String(decoding: try File.contents(of: folder.path.appending("log")), as: UTF8.self)
        #expect(log.contains("counts as hanging"), "\(log)")
    }

    @Test(
        "while a detector hangs, the status is still served, and SIGTERM is not delayed",
        .enabled(if: compiler != nil, "there is no C compiler"))
    func stops() throws {
        let folder = TemporaryFolder()
        let socket = folder.path.appending("detect.sock")
        let child = try start(folder, socket, "600")
        let client = try FastCGIClient(socket)
        try client.ask("/detect/status")
        #expect(try client.answer().text.contains("\"loading\""))
        child.send(SIGTERM)
        #expect(child.wait(milliseconds: 20_000) == 0)
    }
}
