@testable import SharedFrame

/// The content of a shared memory object, derived from a fuzzer's input.
///
/// The content is either arbitrary bytes, or a complete ring in which some fields are overwritten.
struct RingContent {
    let isRaw: Bool
    let geometry: RingGeometry
    private(set) var bytes: [UInt8]
    /// The size in bytes to which a fuzz target can truncate the object later.
    let truncatedByteCount: Int

    init(_ input: inout Input, isRaw: Bool, slotCount: Int) {
        self.isRaw = isRaw
        // The slots have the smallest size that a writer requests, so that a writer can take over this object.
        geometry = RingGeometry(slotCount: slotCount, slotByteCount: 4096)
        truncatedByteCount = Int(input.integer(UInt16.self))
        guard !isRaw else {
            bytes = input.bytes
            return
        }
        bytes = [UInt8](repeating: 0, count: geometry.byteCount)
        fill()
        while !input.isEmpty { overwrite(&input) }
    }

    /// Fills the object with a ring that has a frame in each slot.
    private mutating func fill() {
        typealias Header = RingLayout.Header
        set(Header.magic, RingLayout.magic)
        set(Header.version, UInt64(RingLayout.version) | UInt64(RingLayout.headerByteCount) << 32)
        set(Header.slotCount, UInt64(geometry.slotCount) | UInt64(RingLayout.slotHeaderByteCount) << 32)
        set(Header.slotByteCount, UInt64(geometry.slotByteCount))
        set(Header.slotStride, UInt64(geometry.slotStride))
        set(Header.byteCount, UInt64(geometry.byteCount))
        set(Header.position, UInt64(geometry.slotCount))
        set(Header.newestNumber, UInt64(geometry.slotCount))
        for index in 0..<geometry.slotCount {
            let slot = geometry.offset(ofSlot: index)
            set(slot + RingLayout.Slot.number, UInt64(index + 1))
            set(slot + RingLayout.Slot.byteCount, 8)
            set(slot + RingLayout.slotHeaderByteCount, UInt64(index + 1) &* 0x0101_0101_0101_0101)
        }
    }

    private mutating func overwrite(_ input: inout Input) {
        let place = Int(input.byte())
        if place >= 0xf0 {
            let offset = Int(input.integer(UInt16.self)) % bytes.count
            for (index, byte) in input.take(place & 15).enumerated() where offset + index < bytes.count {
                bytes[offset + index] = byte
            }
        } else if place >= 160 {
            // Overwrite a field of a slot.
            let slot = geometry.offset(ofSlot: place % geometry.slotCount)
            set(slot + (place / geometry.slotCount) % 8 * 8, value(&input))
        } else {
            set(place * 8, value(&input))
        }
    }

    private func value(_ input: inout Input) -> UInt64 {
        switch input.byte() & 7 {
        case 0: 0
        case 1: 1
        case 2: .max
        case 3: UInt64(input.byte())
        case 4: UInt64(input.integer(UInt16.self))
        case 5: input.integer(UInt64.self)
        case 6: 1 << UInt64(input.byte() & 63)
        default: .max - UInt64(input.byte())
        }
    }

    private mutating func set(_ offset: Int, _ value: UInt64) {
        for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8)) }
    }
}
