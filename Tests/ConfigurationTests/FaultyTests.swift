import Configuration
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Each folder in Faulty/ contains a faulty configuration.
///
/// The folder's file `expected` contains the messages that this configuration must cause.
@Suite("Faulty configurations")
struct FaultyTests {
    private static let folder = FilePath(#filePath).removingLastComponent().appending("Faulty")

    static var cases: [String] { Folder.names(in: folder).sorted() }

    @Test("All mistakes in a configuration are reported at once, each with file, line and remedy", arguments: cases)
    func mistakes(name: String) throws {
        let folder = Self.folder.appending(name)
        let files = ConfigurationFolder.files(in: folder)
        let expected = try String(decoding: File.contents(of: folder.appending("expected")), as: UTF8.self)
        #expect(sentences(files, without: "\(folder)/") == expected)
    }

    @Test("A file that is too large is reported and not read")
    func tooLarge() throws {
        let folder = TemporaryFolder()
        try folder.write(String(repeating: "#\n", count: 40_000), to: "oriel.conf")
        let sentence = "oriel.conf: the file is larger than 64 KiB, which is the maximum\n"
        #expect(sentences(ConfigurationFolder.files(in: folder.path), without: "\(folder.path)/") == sentence)
    }

    @Test("A folder or a pipe with the name of a file is reported as what it is", arguments: [true, false])
    func notAFile(isFolder: Bool) throws {
        let folder = TemporaryFolder()
        let path = folder.path.appending("oriel.conf")
        if isFolder {
            try Folder.make(path, permissions: 0o755)
        } else {
            try #require(unsafe path.withPlatformString { unsafe mkfifo($0, 0o600) } == 0)
        }
        let sentence = "oriel.conf: this is not a regular file; put a text file in its place\n"
        #expect(sentences(ConfigurationFolder.files(in: folder.path), without: "\(folder.path)/") == sentence)
    }

    @Test("A link named cameras.d that leads nowhere is reported")
    func danglingLink() throws {
        let folder = TemporaryFolder()
        try folder.write("[camera main]\ndevice = pattern\n", to: "oriel.conf")
        try folder.link("cameras.d", to: "/nonexistent")
        let sentence =
            "cameras.d: the link leads to a folder that does not exist; create it, or remove the link\n"
        #expect(sentences(ConfigurationFolder.files(in: folder.path), without: "\(folder.path)/") == sentence)
    }

    @Test("Mistakes that are found by looking at the machine are reported together with all others, in order")
    func moreMistakes() throws {
        var reader = ConfigurationReader(ownAddresses: [])
        let text = "[web]\nlisten = x\n[camera a]\ndevice = /dev/null\n[camera b]\ndevice = pattern\nfps = fast\n"
        reader.read([ConfigurationFile("oriel.conf", .bytes(Array(text.utf8)))])
        let error = #expect(throws: InvalidConfiguration.self) {
            _ = try reader.result { configuration in
                configuration.cameras.prefix(1).map { Mistake($0.sourceOrigin, "not a camera") }
            }
        }
        #expect(error?.mistakes.map { "\($0.origin)" } == ["oriel.conf:2", "oriel.conf:4", "oriel.conf:7"])
    }

    @Test("Arbitrary bytes do not crash the parser or put control characters into messages")
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

    /// Returns the messages about all mistakes in `files`, one per line, without `prefix` before the file names.
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
