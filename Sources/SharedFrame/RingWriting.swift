import Linux
import Synchronization

// How a writer writes the slots and the header.
extension RingMemory {
    /// Marks the slot for the frame at `position` as being written, and returns the slot's offset.
    func beginSlot(at position: UInt64) -> Int {
        let slot = geometry.offset(ofSlot: Int(position % UInt64(geometry.slotCount)))
        // The sequence number becomes odd before any byte changes, so that a reader that sees a changed byte also sees
        // the odd number.
        store64(slot + RingLayout.Slot.sequence, load64(slot + RingLayout.Slot.sequence) | 1)
        atomicMemoryFence(ordering: .releasing)
        return slot
    }

    /// Calls `write` with `capacity` bytes of the slot, and returns the number of bytes that it has written.
    func writeSlot(
        _ slot: Int, capacity: Int, _ write: (inout MutableRawSpan) throws -> Int
    ) throws -> Int {
        let start = slot + RingLayout.slotHeaderByteCount
        var span = unsafe MutableRawSpan(_unsafeBytes: mapping.mutableBytes(start..<(start + capacity)))
        return min(max(0, try write(&span)), capacity)
    }

    /// Publishes the frame in the slot, counts it, and wakes readers.
    func finishSlot(_ slot: Int, at position: UInt64, _ frame: FrameDescription) {
        fillSlot(slot, at: position, frame)
        count(RingLayout.Header.published)
        count(RingLayout.Header.bytes, by: UInt64(frame.byteCount))
        store64(RingLayout.Header.heartbeat, frame.published)
        wakeReaders()
    }

    private func fillSlot(_ slot: Int, at position: UInt64, _ frame: FrameDescription) {
        store64(slot + RingLayout.Slot.number, frame.number)
        store64(slot + RingLayout.Slot.captureMonotonic, frame.capture.monotonic)
        store64(slot + RingLayout.Slot.captureRealtime, frame.capture.realtime)
        store64(slot + RingLayout.Slot.byteCount, UInt64(frame.byteCount))
        store32(slot + RingLayout.Slot.width, UInt32(clamping: frame.width))
        store32(slot + RingLayout.Slot.height, UInt32(clamping: frame.height))
        store32(slot + RingLayout.Slot.flags, frame.flags.rawValue)
        store64(slot + RingLayout.Slot.published, frame.published)
        store64Releasing(
            slot + RingLayout.Slot.sequence, load64(slot + RingLayout.Slot.sequence) &+ 1)
        store32(RingLayout.Header.width, UInt32(clamping: frame.width))
        store32(RingLayout.Header.height, UInt32(clamping: frame.height))
        store64Releasing(RingLayout.Header.position, position &+ 1)
        // The number is stored last, so that a reader that sees the new number also sees the frame.
        store64Releasing(RingLayout.Header.newestNumber, frame.number)
    }

    /// Marks the slot as empty, because its old frame was overwritten and there is no new one.
    func abandonSlot(_ slot: Int) {
        store64(slot + RingLayout.Slot.number, 0)
        store64(slot + RingLayout.Slot.byteCount, 0)
        store64Releasing(
            slot + RingLayout.Slot.sequence, (load64(slot + RingLayout.Slot.sequence) | 1) &+ 1)
    }

    /// Empties the slot that the previous writer was writing when it died.
    ///
    /// If the writer died while it was changing the texts, this also makes them readable again.
    func repairSlots() {
        for index in 0..<geometry.slotCount {
            let slot = geometry.offset(ofSlot: index)
            if load64(slot + RingLayout.Slot.sequence) & 1 == 1 { abandonSlot(slot) }
        }
        if load32(RingLayout.Header.textSequence) & 1 == 1 { changeTexts {} }
    }

    /// Removes all frames.
    func emptySlots() {
        for index in 0..<geometry.slotCount { abandonSlot(geometry.offset(ofSlot: index)) }
        store64Releasing(RingLayout.Header.position, 0)
        store64Releasing(RingLayout.Header.newestNumber, 0)
        if load32(RingLayout.Header.textSequence) & 1 == 1 { changeTexts {} }
    }

    func writeState(_ state: CameraState, _ reason: String) {
        changeTexts {
            store32(RingLayout.Header.state, state.rawValue)
            setText(RingLayout.Header.reason, reason)
        }
    }

    func writeSource(_ source: SourceDescription) {
        changeTexts {
            setText(RingLayout.Header.sourceKind, source.kind)
            setText(RingLayout.Header.sourceDevice, source.device)
            setText(RingLayout.Header.sourceName, source.name)
            setText(RingLayout.Header.sourceFormat, source.format)
        }
    }

    /// Copies the counters of the object that this one replaces.
    func copyCounters(from old: borrowing RingMemory) {
        typealias Header = RingLayout.Header
        for offset in stride(from: Header.captured, to: Header.dropped + 16 * 8, by: 8) {
            store64(offset, old.load64(offset))
        }
        store64(Header.clockOffset, old.load64(Header.clockOffset))
        store32(Header.restarts, old.load32(Header.restarts))
        store32(Header.width, old.load32(Header.width))
        store32(Header.height, old.load32(Header.height))
    }

    /// Copies the newest frame of the object that this one replaces into the first slot, if the frame fits.
    func copyNewestFrame(from old: borrowing RingMemory) {
        _ = old.withNewestFrame { frame, bytes in
            guard frame.byteCount <= geometry.slotByteCount else { return }
            let slot = beginSlot(at: 0)
            let start = slot + RingLayout.slotHeaderByteCount
            var target = unsafe MutableRawSpan(_unsafeBytes: mapping.mutableBytes(start..<(start + frame.byteCount)))
            target.copy(bytes)
            fillSlot(slot, at: 0, frame)
        }
    }
}

extension UInt64 {
    /// Converts a frame rate; an implausible one becomes 0.
    init(millihertz hertz: Double) {
        self = hertz.isFinite && hertz > 0 && hertz < 1_000_000 ? UInt64(hertz * 1000) : 0
    }
}
