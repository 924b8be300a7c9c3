import Linux
import Synchronization

// How a reader reads the slots.
extension RingMemory {
    /// Calls `body` with the newest frame; returns nil if there is none.
    ///
    /// If the writer has overwritten the frame in the meantime, `body` is called again with another frame.
    ///
    /// A slot's sequence number is odd while the slot is written, and changes with each frame. If the number is even,
    /// and is the same before and after reading, all bytes belong to the same frame. Lengths are untrusted, and are
    /// checked against the size of the slot.
    func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        for _ in 0..<1000 {
            let position = load64Acquiring(RingLayout.Header.position)
            guard position < RingLayout.numberLimit else { return nil }
            // A writer that failed or died may have left the newest slot empty. In that case, older slots are tried.
            let reach = min(position, UInt64(geometry.slotCount))
            var wasOverwritten = false
            for age in 0..<reach {
                let slot = position - 1 - age
                switch try withSlot(at: slot, body) {
                case .read(let value):
                    // If the writer has gone around the whole ring in the meantime, `body` may have read a newer frame
                    // than the frame of this position. The next read might then return an older frame than this one.
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

    /// Returns the newest frame's metadata, or nil if there is no frame.
    func newestDescription() -> FrameDescription? {
        withNewestFrame { description, _ in description }
    }

    /// Calls `body` with the frame that has the given number.
    ///
    /// Returns nil if that frame is not in the ring or is being overwritten.
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

    /// Calls `body` with the frame at `position`, if there is one.
    ///
    /// If `wanted` is not nil, the frame must have that number.
    ///
    /// The metadata are within the bounds that ``FrameDescription`` documents, even if the memory contains other
    /// values.
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
            height: pixels(slot + RingLayout.Slot.height), published: published,
            flags: FrameFlags(rawValue: load32(slot + RingLayout.Slot.flags)))
        let start = slot + RingLayout.slotHeaderByteCount
        let value = try mapping.withBytes(start..<(start + Int(byteCount))) { (bytes) throws(Failure) in
            try body(description, bytes)
        }
        return isUnchanged(slot, sequence) ? .read(value) : .overwritten
    }

    private func realtime(_ time: UInt64) -> UInt64 {
        hasForeignClock ? min(time, RingLayout.realtimeLimit) : clocks.limited(realtime: time)
    }

    /// Returns the width or height at `offset`, or 0 (unknown) if no JPEG can be that large.
    func pixels(_ offset: Int) -> Int {
        let count = Int(load32(offset))
        return count <= RingLayout.maximumPixels ? count : 0
    }

    private func isUnchanged(_ slot: Int, _ sequence: UInt64) -> Bool {
        atomicMemoryFence(ordering: .acquiring)
        return load64(slot + RingLayout.Slot.sequence) == sequence
    }
}

/// The result of reading a slot.
private enum SlotReading<Value> {
    case read(Value)
    case empty
    case overwritten
}
