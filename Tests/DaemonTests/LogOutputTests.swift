import Logging
import Testing

@testable import Daemon

@Suite struct LogOutputTests {
    @Test("a line for a terminal has time, level and program")
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

    @Test("only the socket that systemd announced counts as the journal")
    func journalStream() {
        #expect(LogOutput.isJournal(announced: "8:1234", device: 8, inode: 1234))
        #expect(!LogOutput.isJournal(announced: "8:1234", device: 8, inode: 1235))
        #expect(!LogOutput.isJournal(announced: "", device: 8, inode: 1234))
    }
}
