import Configuration
import Linux
import SystemPackage
import TestSupport
import Testing

/// The folders of Faulty/: each has a faulty configuration and, in `expected`, all sentences about it.
@Suite("Faulty configurations")
struct FaultyTests {
    private static let folder = FilePath(#filePath).removingLastComponent().appending("Faulty")

    static var cases: [String] { Folder.names(in: folder).sorted() }

    @Test("Each mistake is named with its file, its line and the remedy, all at once", arguments: cases)
    func mistakes(name: String) throws {
        let folder = Self.folder.appending(name)
        let files = ConfigurationFolder.files(in: folder)
        let expected = try String(decoding: File.contents(of: folder.appending("expected")), as: UTF8.self)
        #expect(sentences(files, without: "\(folder)/") == expected)
    }

    @Test("A file that is too large is named, not read")
    func tooLarge() throws {
        let folder = TemporaryFolder()
        try folder.write(String(repeating: "#\n", count: 40_000), to: "oriel.conf")
        let sentence = "oriel.conf: the file has more than 64 KiB; name the file that you meant\n"
        #expect(sentences(ConfigurationFolder.files(in: folder.path), without: "\(folder.path)/") == sentence)
    }

    @Test("Bytes from a stranger never crash it, and control characters never reach a message")
    func anyBytes() throws {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "[web]", "[camera a]", "device", "=", "\n", "\u{1b}[31m", "\0", "[", "]", "\u{202e}", "fps", "1e999",
        ]
        for _ in 0..<2000 {
            let text = (0..<20).compactMap { _ in pieces.randomElement(using: &random) }.joined(separator: " ")
            let file = ConfigurationFile("oriel.conf", .bytes(Array(text.utf8)))
            let sentences = sentences([file], without: "")
            #expect(!sentences.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" || $0 == "\0" })
        }
    }

    /// All mistakes in `files`, one a line.
    private func sentences(_ files: [ConfigurationFile], without prefix: String) -> String {
        var reader = ConfigurationReader(ownAddresses: ["192.0.2.5"])
        reader.read(files)
        do {
            _ = try reader.result()
            return ""
        } catch {
            let text = error.mistakes.map { "\($0)\n" }.joined()
            return prefix.isEmpty ? text : text.split(separator: prefix, omittingEmptySubsequences: true).joined()
        }
    }
}
