import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

/// Sets each field of a ring to extreme values while a worker serves that ring.
@Suite("Extreme values in a ring that a worker serves", .timeLimit(.minutes(5)))
struct HostileFieldTests {
    @Test("whatever value a field of the header or of a slot has, the worker answers requests for every address")
    func extremes() throws {
        let ring = TemporaryRing()
        let publisher = try FramePublisher(ring.name, slotCount: 2, slotByteCount: 4096, source: .test)
        let server = try TestServer(ring)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        let header = Array(stride(from: 48, to: 328, by: 8)) + Array(stride(from: 512, to: 1248, by: 184))
        let slots = (0..<2).flatMap { slot in stride(from: 0, to: 64, by: 8).map { 4096 + slot * 8192 + $0 } }
        for offset in header + slots {
            for value in [UInt64.max, 1 << 63, 1 << 52] {
                // Publish a valid frame first, so that no request waits for one.
                let bytes = SampleJPEG.bytes(tag: UInt8(offset % 251))
                _ = try? bytes.withRawSpan { try publisher.publish($0, capture: .now(), width: 64, height: 48) }
                publisher.setState(.live, reason: "")
                var original: UInt64 = 0
                var value = value
                try #require(unsafe pread(object.number, &original, 8, off_t(offset)) == 8)
                try #require(unsafe pwrite(object.number, &value, 8, off_t(offset)) == 8)
                for target in ["/snapshot", "/snapshot?width=32", "/status", "/status/main", "/metrics", "/healthz"] {
                    let answer = try server.get(target)
                    #expect([200, 503].contains(answer.status), "\(target), offset \(offset): \(answer.status)")
                }
                try #require(unsafe pwrite(object.number, &original, 8, off_t(offset)) == 8)
            }
        }
        let bytes = SampleJPEG.bytes(tag: 1)
        _ = try bytes.withRawSpan { try publisher.publish($0, capture: .now(), width: 64, height: 48) }
        #expect(try server.get("/status/main").status == 200)
    }
}
