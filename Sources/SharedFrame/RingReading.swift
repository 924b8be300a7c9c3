import Linux
import Synchronization

/// The reader's side of the slots.
extension RingMemory {
    /// Lends the newest frame to `body`, again when the writer has overwritten it meanwhile; nil when there is none.
    ///
    /// A slot's sequence is odd while it is written and moves with each frame: bytes that were read between two looks
    /// at the same even number are of one frame. Lengths come from outside and are checked against the slot.
    func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        for _ in 0..<1000 {
            let position = load64Acquiring(RingLayout.Header.position)
            guard position < RingLayout.numberLimit else { return nil }
            // A slot that was given back empty, by a writer that failed or died, is followed by older ones.
            let reach = min(position, UInt64(geometry.slotCount))
            var wasOverwritten = false
            for age in 0..<reach {
                let slot = position - 1 - age
                switch try withSlot(at: slot, body) {
                case .read(let value):
                    // Lapped meanwhile, the slot may hold a frame that the position does not tell yet: the next look
                    // would go back behind it.
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

    /// The newest frame without its bytes; nil if there is none.
    func newestDescription() -> FrameDescription? {
        withNewestFrame { description, _ in description }
    }

    /// Lends frame `number` to `body` if it is still in a slot; returns nil if it is not, or is being overwritten.
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

    /// Lends the frame at `position` to `body`, if it is a frame and has `number`, where that is given.
    ///
    /// What the body gets is within bounds whatever is in the memory: see ``FrameDescription``.
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

    /// A width or height; 0, for unknown, where no JPEG is so large.
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
