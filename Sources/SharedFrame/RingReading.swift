import Linux
import Synchronization

/// The reader's side of the slots.
extension RingMemory {
    /// Calls `body` with the newest frame, again if the writer overwrote it in the meantime; returns nil if there is
    /// none.
    ///
    /// A slot's sequence number is odd while the slot is written, and changes with each frame: if it was the same even
    /// number before and after a read, all bytes read are of one frame. Lengths are untrusted and checked against the
    /// slot.
    func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        for _ in 0..<1000 {
            let position = load64Acquiring(RingLayout.Header.position)
            guard position < RingLayout.numberLimit else { return nil }
            // A writer that failed or died leaves an empty slot: continue with the older ones.
            let reach = min(position, UInt64(geometry.slotCount))
            var wasOverwritten = false
            for age in 0..<reach {
                let slot = position - 1 - age
                switch try withSlot(at: slot, body) {
                case .read(let value):
                    // If the writer lapped this reader, the slot may hold a newer frame than the position says: the
                    // next read would then go back behind it.
                    if load64Acquiring(RingLayout.Header.position) &- slot < UInt64(geometry.slotCount) { return value }
                    wasOverwritten = true
                case .empty: continue
                case .overwritten: wasOverwritten = true
                }
                break
            }
            if !wasOverwritten { return nil }
        }
        return nil
    }

    /// The newest frame's metadata; nil if there is none.
    func newestDescription() -> FrameDescription? {
        withNewestFrame { description, _ in description }
    }

    /// Calls `body` with frame `number`; returns nil if it is not in a slot, or is being overwritten.
    func withFrame<Value, Failure: Error>(
        number: UInt64, _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        let position = load64Acquiring(RingLayout.Header.position)
        guard position < RingLayout.numberLimit else { return nil }
        for age in 0..<min(position, UInt64(geometry.slotCount)) {
            let reading = try withSlot(at: position - 1 - age, number: number, body)
            if case .read(let value) = reading { return value }
        }
        return nil
    }

    /// Calls `body` with the frame at `position`, if there is one, and with number `wanted` only if that is given.
    ///
    /// The values are within the bounds of ``FrameDescription``, whatever the memory holds.
    private func withSlot<Value, Failure: Error>(
        at position: UInt64, number wanted: UInt64? = nil,
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> SlotReading<Value> {
        let slot = geometry.offset(ofSlot: Int(position % UInt64(geometry.slotCount)))
        let sequence = load64Acquiring(slot + RingLayout.Slot.sequence)
        guard sequence & 1 == 0 else { return .overwritten }
        let byteCount = load64(slot + RingLayout.Slot.byteCount)
        let number = load64(slot + RingLayout.Slot.number)
        guard byteCount > 0, byteCount <= UInt64(geometry.slotByteCount), number < RingLayout.numberLimit,
            wanted == nil || wanted == number
        else { return isUnchanged(slot, sequence) ? .empty : .overwritten }
        let published = clocks.limited(monotonic: load64(slot + RingLayout.Slot.published))
        let description = FrameDescription(
            number: number,
            capture: CaptureTime(
                monotonic: min(load64(slot + RingLayout.Slot.captureMonotonic), published),
                realtime: realtime(load64(slot + RingLayout.Slot.captureRealtime))),
            byteCount: Int(byteCount), width: pixels(slot + RingLayout.Slot.width),
            height: pixels(slot + RingLayout.Slot.height), published: published)
        let start = slot + RingLayout.slotHeaderByteCount
        let value = try mapping.withBytes(start..<(start + Int(byteCount))) { (bytes) throws(Failure) in
            try body(description, bytes)
        }
        return isUnchanged(slot, sequence) ? .read(value) : .overwritten
    }

    private func realtime(_ time: UInt64) -> UInt64 {
        hasForeignClock ? min(time, RingLayout.realtimeLimit) : clocks.limited(realtime: time)
    }

    /// A width or height; 0 (unknown) if no JPEG is that large.
    func pixels(_ offset: Int) -> Int {
        let count = Int(load32(offset))
        return count <= RingLayout.maximumPixels ? count : 0
    }

    private func isUnchanged(_ slot: Int, _ sequence: UInt64) -> Bool {
        atomicMemoryFence(ordering: .acquiring)
        return load64(slot + RingLayout.Slot.sequence) == sequence
    }
}

private enum SlotReading<Value> {
    case read(Value)
    case empty
    case overwritten
}
