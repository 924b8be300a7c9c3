import FastCGI
import TestSupport
import Testing

@Suite("Record")
struct RecordTests {
    @Test("output is split into records of at most 65528 bytes, and empty output produces no record")
    func output() {
        var bytes: [UInt8] = []
        Record.appendOutput([UInt8](), request: 1, to: &bytes)
        #expect(bytes.isEmpty)
        let content = (0..<140_000).map { UInt8(truncatingIfNeeded: $0) }
        Record.appendOutput(content, request: 0x1234, to: &bytes)
        let expected =
            FastCGIClient.record(6, request: 0x1234, Array(content[..<65528]))
            + FastCGIClient.record(6, request: 0x1234, Array(content[65528..<131_056]))
            + FastCGIClient.record(6, request: 0x1234, Array(content[131_056...]))
        #expect(bytes == expected)
    }

    @Test("the end of a response is an empty output record and an FCGI_END_REQUEST record")
    func end() {
        var bytes: [UInt8] = []
        Record.appendEnd(request: 7, to: &bytes)
        #expect(
            bytes == FastCGIClient.record(6, request: 7)
                + FastCGIClient.record(3, request: 7, [0, 0, 0, 0, 0, 0, 0, 0]))
    }

    @Test("the request ID in records can be replaced, whatever the records contain")
    func readdress() {
        var bytes: [UInt8] = []
        Record.appendOutput([UInt8](repeating: 1, count: 100_000), request: 1, to: &bytes)
        Record.appendHeader(.output, request: 1, byteCount: 3, padding: 5, to: &bytes)
        bytes += [1, 6, 0] + [0, 0, 0, 0, 0]
        Record.appendEnd(request: 1, to: &bytes)
        Record.readdress(&bytes, to: 0xfffe)
        var expected: [UInt8] = []
        Record.appendOutput([UInt8](repeating: 1, count: 100_000), request: 0xfffe, to: &expected)
        expected += FastCGIClient.record(6, request: 0xfffe, [1, 6, 0], padding: 5)
        Record.appendEnd(request: 0xfffe, to: &expected)
        #expect(bytes == expected)
    }
}
