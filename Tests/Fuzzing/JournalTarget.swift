import Events
import Journal
import Linux
import SystemPackage

/// Fuzzes reading an event journal whose files may contain anything, and continuing it.
enum JournalTarget {
    static func run(_ input: Input) {
        var input = input
        let hasHeader = input.byte() & 1 == 0
        let offset = input.number(in: 0...5000)
        let content = input.bytes
        guard let place = try? Folder.makeTemporary(in: "/tmp", name: "orielfuzz") else { return }
        defer { Folder.remove(place) }
        let folder = JournalFolder(place, content: "events")
        let header = Array("{\"content\":\"events\",\"version\":1,\"file\":1000}\n".utf8)
        let file = (hasHeader ? header : []) + content
        try? File.replace(place.appending("current.jsonl"), with: file, permissions: 0o600)

        let lines = readAll(folder, from: .start)
        if hasHeader {
            let expected = content.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
            let isShort = expected.allSatisfy { $0.count < JournalFolder.maximumLineByteCount } && content.count < 4096
            if isShort { check(lines.map(\.bytes) == expected.map(Array.init), "all complete lines are read") }
        }
        for line in lines {
            guard let record = EventRecord(line: line.bytes), let end = record.endedByRestart() else { continue }
            check(end.type == "end" && end.id == record.id, "an event that a restart ends has the same ID")
            check(end.endedByRestart() == nil, "an object ends only once")
        }
        _ = readAll(folder, from: JournalPosition(file: 1000, offset: offset))

        guard let writer = try? JournalWriter(owning: folder), let before = try? folder.end() else { return }
        let next = Array("{\"type\":\"next\"}".utf8)
        guard let after = try? writer.append(next) else { return }
        let appended = try? folder.read(from: before)
        check(appended?.lines.map(\.bytes) == [next], "a line that is appended is read next")
        check(appended?.next == after, "the place after a line is where it was written")
    }

    private static func readAll(_ folder: JournalFolder, from start: JournalPosition) -> [JournalLine] {
        var (lines, position) = ([JournalLine](), start)
        for _ in 0..<100 {
            guard let batch = try? folder.read(from: position) else { return lines }
            lines += batch.lines
            if batch.isAtEnd { return lines }
            position = batch.next
        }
        fatalError("does not hold: reading comes to an end")
    }
}
