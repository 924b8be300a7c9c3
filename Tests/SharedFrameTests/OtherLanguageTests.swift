import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("Readers in other languages", .timeLimit(.minutes(2)))
struct OtherLanguageTests {
    @Test("a Python program can read frames using only the documented layout")
    func python() throws {
        let ring = TemporaryRing()
        let publisher = try FramePublisher(ring.name, slotByteCount: 100_000, source: .test)
        let script = FilePath(#filePath).removingLastComponent().appending("read_ring.py")
        let reader = try ChildProcess("/usr/bin/env", ["python3", "\(script)", ring.name.objectName, "3"])
        // Publish nothing until the reader has requested pictures, so that the first frame must wake the reader.
        while !publisher.waitForInterest(milliseconds: 50) { try #require(reader.isRunning) }
        var lines: [String] = []
        for size in [10, 50_000, 99_999] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
            let number = try publisher.publish(bytes, capture: .now(), width: size, height: 480)
            lines.append("\(number) \(size) \(size) 480 \(crc32(bytes))")
            #expect(reader.readLine() == lines.last)
        }
        #expect(reader.wait() == 0)
    }

    /// The CRC-32 of ISO 3309, which Python's zlib computes too.
    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xffff_ffff
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
