import Glibc
import Journal
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("Journals")
struct JournalTests {
    private let place = TemporaryFolder()
    private var folder: JournalFolder { JournalFolder(place.path.appending("events"), content: "test") }

    private func text(_ lines: [JournalLine]) -> [String] { lines.map { String(decoding: $0.bytes, as: UTF8.self) } }

    private func line(_ number: Int) -> [UInt8] { Array("{\"n\":\(number)}".utf8) }

    /// Reads the journal in batches of the smallest size, until its end.
    private func readAll(from start: JournalPosition) throws -> (lines: [JournalLine], gone: Bool) {
        var (lines, position, isGone) = ([JournalLine](), start, false)
        while true {
            let batch = try folder.read(from: position, byteCount: 1)
            lines += batch.lines
            position = batch.next
            isGone = isGone || batch.isGone
            if batch.isAtEnd { return (lines, isGone) }
        }
    }

    @Test("a reader gets each line once, from any position, also across files")
    func reading() throws {
        var limits = JournalWriter.Limits()
        limits.byteCount = 512
        let writer = try JournalWriter(owning: folder, limits: limits)
        var positions = [writer.end]
        for number in 0..<200 { positions.append(try writer.append(line(number))) }
        #expect(Set(positions.map(\.file)).count > 3)
        #expect(positions == positions.sorted())
        for (index, position) in positions.enumerated() where index % 7 == 0 {
            let (lines, isGone) = try readAll(from: #require(JournalPosition("\(position)")))
            #expect(!isGone)
            #expect(text(lines) == (index..<200).map { "{\"n\":\($0)}" })
            #expect(lines.map(\.next) == Array(positions[(index + 1)...]))
        }
        #expect(try text(readAll(from: .start).lines).count == 200)
        #expect(try folder.end() == positions.last)
    }

    @Test("a journal that does not exist yet is empty, and its first line is found later")
    func missing() throws {
        #expect(try folder.end() == .start)
        let batch = try folder.read(from: .start)
        #expect(batch.lines.isEmpty && batch.isAtEnd && !batch.isGone)
        let writer = try JournalWriter(owning: folder)
        #expect(try folder.read(from: batch.next).lines.isEmpty)
        try writer.append(line(1))
        #expect(try text(folder.read(from: batch.next).lines) == ["{\"n\":1}"])
    }

    @Test("after a restart, the writer continues the same file, after an incomplete line too")
    func restart() throws {
        let first = try JournalWriter(owning: folder).append(line(1))
        let current = folder.path.appending("current.jsonl")
        try append("{\"n\":", to: current)
        let writer = try JournalWriter(owning: folder)
        let last = try writer.append(line(3))
        #expect(last.file == first.file)
        #expect(try text(folder.read(from: .start).lines) == ["{\"n\":1}", "{\"n\":", "{\"n\":3}"])
    }

    @Test("only one process at a time owns a journal")
    func owner() throws {
        var owner: JournalWriter? = try JournalWriter(owning: folder)
        #expect(throws: JournalError.inUse(folder.path)) { try JournalWriter(owning: folder) }
        _ = owner?.end
        owner = nil
        _ = try JournalWriter(owning: folder)
    }

    @Test("files are removed after the retention time, and a reader learns that lines are gone")
    func retention() throws {
        var limits = JournalWriter.Limits()
        limits.byteCount = 256
        limits.retention = .zero
        var removed: [Int64] = []
        let writer = try JournalWriter(owning: folder, limits: limits) { removed.append($0) }
        let first = try writer.append(line(0))
        var last = first
        #expect(
            eventually {
                for number in 1..<50 { last = (try? writer.append(line(number))) ?? last }
                return removed.count > 2
            })
        #expect(removed == removed.sorted())
        let batch = try folder.read(from: first)
        #expect(batch.isGone)
        #expect(batch.next.file > first.file)
        #expect(try readAll(from: last).lines.isEmpty)
    }

    @Test("a file that is not a journal is kept under another name, and a newer format is refused")
    func foreign() throws {
        try Folder.make(folder.path, permissions: 0o755)
        let current = folder.path.appending("current.jsonl")
        try append("no journal\n", to: current)
        try JournalWriter(owning: folder).append(line(1))
        #expect(try text(readAll(from: .start).lines) == ["{\"n\":1}"])
        #expect(Folder.names(in: folder.path).contains { $0.hasPrefix("damaged.") })
        File.remove(current)
        try append("{\"content\":\"test\",\"version\":2,\"file\":1}\n", to: current)
        #expect(throws: JournalError.newerFormat(current)) { try JournalWriter(owning: folder) }
    }

    @Test("files with misleading names do not keep a reader from the end")
    func misleadingNames() throws {
        let writer = try JournalWriter(owning: folder)
        try writer.append(line(1))
        for name in ["01.jsonl", "x.jsonl", ".jsonl", "99999999999999999999.jsonl"] {
            try append("{}\n", to: folder.path.appending(name))
        }
        for number in ["5", "9999999999999"] {
            let link = folder.path.appending("\(number).jsonl")
            try systemCall("symlink", "\(link)") { unsafe link.withPlatformString { unsafe symlink("/nowhere", $0) } }
        }
        let (lines, _) = try readAll(from: .start)
        #expect(text(lines) == ["{\"n\":1}"])
    }

    @Test("maintenance begins a new file and removes old ones although no line is written")
    func maintenance() throws {
        var limits = JournalWriter.Limits()
        limits.age = .milliseconds(1)
        limits.retention = .zero
        let writer = try JournalWriter(owning: folder, limits: limits)
        let first = try writer.append(line(1))
        #expect(
            eventually {
                try? writer.maintain()
                return (try? folder.read(from: first).isGone) == true
            })
        #expect(try readAll(from: .start).lines.isEmpty)
    }

    @Test("malformed positions are refused", arguments: ["", "1", "1-", "-1", "a-b", "1-2-3", "1--2", "+1-2", " 1-2"])
    func positions(_ text: String) {
        #expect(JournalPosition(text) == nil)
        #expect(JournalPosition(String(repeating: "9", count: 19) + "-0") == nil)
        #expect(JournalPosition("12-34") == JournalPosition(file: 12, offset: 34))
    }

    private func append(_ text: String, to path: FilePath) throws {
        let old = (try? File.contents(of: path)) ?? []
        try File.replace(path, with: old + Array(text.utf8), permissions: 0o644)
    }
}
