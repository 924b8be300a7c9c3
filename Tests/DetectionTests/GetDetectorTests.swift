import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("scripts/get-detector")
struct GetDetectorTests {
    @Test(
        "conflicting and unknown options are refused, and the error names them",
        arguments: [
            (["--system", "--prefix", "/nowhere"], "--system and --prefix contradict each other"),
            (["--model-only", "--runtime-only"], "--model-only and --runtime-only contradict each other"),
            (["--runtime-only", "--from=/etc/hostname"], "--runtime-only and --from contradict each other"),
            (["--prefix=/nowhere", "--prefix=/elsewhere"], "--prefix occurs twice"),
            (["--nonsense"], "there is no option '--nonsense'"), (["--from="], "--from requires a path"),
            (["--prefix"], "--prefix requires a path"),
        ] as [([String], String)])
    func options(arguments: [String], sentence: String) throws {
        let script = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("scripts/get-detector")
        let folder = TemporaryFolder()
        let log = folder.path.appending("log")
        let process = try ChildProcess("\(script)", arguments, log: "\(log)")
        #expect(process.wait() == 64)
        let text = String(decoding: try File.contents(of: log), as: UTF8.self)
        #expect(text.hasPrefix("error: \(sentence)"), "\(text)")
    }
}
