import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

@Suite("The log of a part")
struct PartLogTests {
    private let folder = TemporaryFolder()
    private var path: FilePath { folder.path.appending("part.log") }

    private func write(_ bytes: [UInt8], to descriptor: CInt) throws {
        try FileDescriptor(rawValue: descriptor).writeAll(bytes)
    }

    @Test("A log that is too large is emptied while the part writes, its end is kept, and the part continues to write")
    func limit() throws {
        let log = PartLog(path)
        let output = try log.open()
        try write(Array("first\n".utf8), to: output)
        #expect(log.limit() == .notNeeded)
        try write(
            [UInt8](repeating: UInt8(ascii: "x"), count: PartLog.maximumByteCount) + Array("\nlast\n".utf8), to: output)
        #expect(log.lastLines(1) == ["last"])
        #expect(log.limit() == .endKept)
        #expect(try FileStatus(at: path).byteCount == 0)
        #expect(log.lastLines(1).isEmpty)
        let old = try File.contents(of: FilePath("\(path).old"))
        #expect(old.count == PartLog.keptByteCount && old.suffix(5).elementsEqual("last\n".utf8))
        try write(Array("more\n".utf8), to: output)
        #expect(try File.contents(of: path) == Array("more\n".utf8))
        #expect(log.lastLines(1) == ["more"])
        #expect(log.limit() == .notNeeded)
    }

    @Test("The log of a part whose log file was removed is limited too")
    func removed() throws {
        let log = PartLog(path)
        let output = try log.open()
        File.remove(path)
        try write([UInt8](repeating: 0, count: PartLog.maximumByteCount + 1), to: output)
        #expect(log.limit() == .endKept)
        #expect(try FileStatus(of: output).byteCount == 0)
    }

    @Test("If the end of a log cannot be kept, the log is limited all the same, and the message says so")
    func notKept() throws {
        let log = PartLog(path)
        let output = try log.open()
        try Folder.make(FilePath("\(path).old"), permissions: 0o755)
        try write([UInt8](repeating: 0, count: PartLog.maximumByteCount + 1), to: output)
        #expect(log.limit() == .endLost)
        #expect(try FileStatus(at: path).byteCount == 0)
    }

    @Test("After a restart, only lines of the current run count as the reason for an exit")
    func currentRun() throws {
        let log = PartLog(path)
        try write(Array("old\n".utf8), to: try log.open())
        let output = try log.open()
        #expect(log.lastLines(1).isEmpty)
        try write(Array("new\n".utf8), to: output)
        #expect(log.lastLines(5) == ["new"])
    }
}
