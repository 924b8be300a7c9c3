import Linux
import SystemPackage
import Synchronization
import TestSupport
import Testing

@testable import SharedFrame

/// A reader and a writer that use the same mapping of a ring.
///
/// If each had its own mapping, ThreadSanitizer would not recognise that both mappings are the same memory.
@Suite("RingMemory", .timeLimit(.minutes(2)))
struct RingMemoryTests {
    @Test("a reader and a writer on one mapping agree on every frame")
    func oneMapping() throws {
        let geometry = RingGeometry(slotCount: 4, slotByteCount: 4096)
        var file = try MemoryFile("ring")
        try unsafe file.append([UInt8](repeating: 0, count: geometry.byteCount).span.bytes)
        let memory = RingMemory(
            mapping: try Mapping(file.descriptor, byteCount: geometry.byteCount, access: .readWrite),
            geometry: geometry)
        let shared = Shared(memory: memory)
        let frameCount: UInt64 = 20_000
        let writer = try Thread("writer") {
            for number in 1...frameCount {
                let slot = shared.memory.beginSlot(at: number - 1)
                _ = try? shared.memory.writeSlot(slot, capacity: 64) { bytes in
                    for offset in 0..<64 {
                        bytes.storeBytes(of: UInt8(truncatingIfNeeded: number), toByteOffset: offset, as: UInt8.self)
                    }
                    return 64
                }
                shared.memory.finishSlot(
                    slot, at: number - 1,
                    FrameDescription(
                        number: number, capture: .now(), byteCount: 64, width: 1, height: 1, published: number))
            }
        }
        var last: UInt64 = 0
        while last < frameCount {
            let read = shared.memory.withNewestFrame { frame, bytes in
                let isIntact = (0..<64).allSatisfy {
                    unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
                        == UInt8(truncatingIfNeeded: frame.number)
                }
                return (frame.number, isIntact && frame.published == frame.number)
            }
            guard let (number, isIntact) = read else { continue }
            #expect(isIntact)
            #expect(number >= last)
            last = number
        }
        writer.join()
    }

    @Test(
        "an inconsistent header is refused",
        arguments: [
            (1, 4032, 4096, 8192), (65, 4032, 4096, 4096 * 66), (4, 4096, 4096, 4096 * 5), (4, 4032, 4097, 4096 * 5),
            (4, 4032, 4096, 4096 * 4), (4, 1 << 40, 1 << 41, 4096 * 5),
        ])
    func geometry(_ slotCount: Int, _ slotByteCount: Int, _ stride: Int, _ objectByteCount: Int) {
        let geometry = RingGeometry(
            slotCount: slotCount, slotByteCount: UInt64(slotByteCount), slotStride: UInt64(stride),
            objectByteCount: objectByteCount)
        #expect(geometry == nil)
    }

    @Test("two rings for 1080p fit the 64 MB of a container's shared memory")
    func twoRingsFit() {
        // libjpeg-turbo's upper bound for a 1920x1080 JPEG with 4:2:0 subsampling is 3 bytes per pixel.
        let ring = RingGeometry(slotCount: 8, slotByteCount: 1920 * 1088 * 3)
        #expect(ring.slotCount >= 3)
        #expect(ring.byteCount * 2 <= 64 << 20)
    }

    @Test("texts, counters and slots do not overlap")
    func layout() {
        typealias Header = RingLayout.Header
        let texts = [
            Header.camera, Header.sourceKind, Header.sourceFormat, Header.sourceName, Header.sourceDevice,
            Header.reason,
        ]
        var end = Header.dropped + 16 * 8
        for text in texts {
            #expect(text.offset >= end)
            end = text.offset + text.byteCount
        }
        #expect(end <= RingLayout.headerByteCount)
        #expect(DropReason.allCases.allSatisfy { $0.rawValue < 16 })
    }

    private final class Shared: Sendable {
        let memory: RingMemory
        init(memory: consuming RingMemory) { self.memory = memory }
    }
}
