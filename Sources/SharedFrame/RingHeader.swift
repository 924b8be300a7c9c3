import Linux
import Synchronization

/// The reader's side of the header.
extension RingMemory {
    /// The header without its texts; each number is within the bounds that ``RingStatus`` promises, whatever the memory
    /// holds.
    func status(isWriterAlive: Bool) -> RingStatus {
        typealias Header = RingLayout.Header
        var dropped: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases { dropped[reason] = counter(Header.dropped + reason.rawValue * 8) }
        return RingStatus(
            state: .waiting, reason: "", isWriterAlive: isWriterAlive,
            source: SourceDescription(kind: "", device: ""), width: pixels(Header.width),
            height: pixels(Header.height), framesPerSecondAsked: rate(Header.millihertzAsked),
            framesPerSecondMeasured: rate(Header.millihertzMeasured), clockOffset: clockOffset,
            newest: newestDescription(), restarts: Int(load32(Header.restarts)), captured: counter(Header.captured),
            published: counter(Header.published), bytes: counter(Header.bytes),
            encodedFrames: counter(Header.encodedFrames), encodeNanoseconds: counter(Header.encodeNanoseconds),
            dropped: dropped)
    }

    private func counter(_ offset: Int) -> UInt64 { min(load64(offset), RingLayout.counterLimit) }

    /// In frames per second; 0 if the value is implausible.
    private func rate(_ offset: Int) -> Double {
        let millihertz = load64(offset)
        return millihertz <= RingLayout.maximumMillihertz ? Double(millihertz) / 1000 : 0
    }

    /// Limited so that the wall clock plus the offset stays between 1970 and 2261 for at least a year.
    private var clockOffset: Int64 {
        let now = Int64(clamping: Clock.realtime)
        let year: Int64 = 365 * 86_400 * 1_000_000_000
        return min(max(Int64(bitPattern: load64(RingLayout.Header.clockOffset)), -now), .max - now - year)
    }
}

/// Limits times from a ring to now, by the clocks as last read.
///
/// A clock is read again only for a time later than the last reading, so once per frame.
struct LastClocks: ~Copyable, Sendable {
    private let monotonic = Atomic<UInt64>(0)
    private let realtime = Atomic<UInt64>(0)

    func limited(monotonic time: UInt64) -> UInt64 {
        if time <= monotonic.load(ordering: .relaxed) { return time }
        let now = Clock.monotonic
        monotonic.store(now, ordering: .relaxed)
        return min(time, now)
    }

    func limited(realtime time: UInt64) -> UInt64 {
        if time <= realtime.load(ordering: .relaxed) { return time }
        let now = Clock.realtime
        realtime.store(now, ordering: .relaxed)
        return min(time, now)
    }
}
