import Logging
import Testing

@testable import Daemon

@Suite struct LogOutputTests {
    @Test("a line for a terminal contains the time, the level and the program")
    func plain() {
        let line = LogOutput.plain.line(.warning, "no camera", label: "capture-daemon", realtime: 1_234_000_000)
        #expect(line.hasSuffix(":01.234 warning capture-daemon: no camera\n"))
    }

    @Test(
        "a line for the journal begins with its syslog priority",
        arguments: [
            (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
        ])
    func journal(level: Logger.Level, priority: Int) {
        #expect(LogOutput.journal.line(level, "text", label: "x", realtime: 0) == "<\(priority)>text\n")
    }

    @Test("a line break in a message cannot forge a second line")
    func noForgedLines() {
        let line = LogOutput.journal.line(.info, "a\n<0>b\r\nc", label: "x", realtime: 0)
        #expect(line == "<6>a <0>b c\n")
    }

    @Test("control characters and reversed text are removed from a message, and a long message is truncated")
    func sanitized() {
        let line = LogOutput.journal.line(.info, "a\u{1b}[31m\u{202e}b\u{0}\u{9b}c", label: "x", realtime: 0)
        #expect(line == "<6>a[31mbc\n")
        let long = LogOutput.journal.line(.info, String(repeating: "é", count: 100_000), label: "x", realtime: 0)
        #expect(long.unicodeScalars.count < 2010 && long.hasSuffix("é…\n"))
        #expect(LogOutput.journal.line(.info, "한국어 📷", label: "x", realtime: 0) == "<6>한국어 📷\n")
    }

    @Test("standard error counts as the journal only if it is the socket that systemd announced")
    func journalStream() {
        #expect(LogOutput.isJournal(announced: "8:1234", device: 8, inode: 1234))
        #expect(!LogOutput.isJournal(announced: "8:1234", device: 8, inode: 1235))
        #expect(!LogOutput.isJournal(announced: "", device: 8, inode: 1234))
    }
}
