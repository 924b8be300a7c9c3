import Linux
import Synchronization

// How a reader reads the header.
extension RingMemory {
    /// Returns the values of the header without its texts.
    ///
    /// All numbers are within the bounds that ``RingStatus`` documents, even if the memory contains other values.
    func status(isWriterAlive: Bool) -> RingStatus {
        typealias Header = RingLayout.Header
        var dropped: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases { dropped[reason] = counter(Header.dropped + reason.rawValue * 8) }
        return RingStatus(
            state: .waiting, reason: "", isWriterAlive: isWriterAlive, writer: writer,
            source: SourceDescription(kind: "", device: ""), width: pixels(Header.width),
            height: pixels(Header.height), framesPerSecondAsked: rate(Header.millihertzAsked),
            framesPerSecondMeasured: rate(Header.millihertzMeasured), clockOffset: clockOffset,
            newest: newestDescription(), restarts: Int(load32(Header.restarts)), captured: counter(Header.captured),
            published: counter(Header.published), bytes: counter(Header.bytes),
            encodedFrames: counter(Header.encodedFrames), encodeNanoseconds: counter(Header.encodeNanoseconds),
            dropped: dropped)
    }

    /// Identifies the writer that has written the header.
    var writer: RingWriter {
        RingWriter(process: load32(RingLayout.Header.writerProcess), started: load64(RingLayout.Header.started))
    }

    private func counter(_ offset: Int) -> UInt64 { min(load64(offset), RingLayout.counterLimit) }

    /// Returns a rate in frames per second, or 0 if the value in the header is implausible.
    private func rate(_ offset: Int) -> Double {
        let millihertz = load64(offset)
        return millihertz <= RingLayout.maximumMillihertz ? Double(millihertz) / 1000 : 0
    }

    /// The clock offset in nanoseconds.
    ///
    /// It is limited so that the sum of the wall clock and the offset stays between the years 1970 and 2261 for at
    /// least another year.
    private var clockOffset: Int64 {
        let now = Int64(clamping: Clock.realtime)
        let year: Int64 = 365 * 86_400 * 1_000_000_000
        return min(max(Int64(bitPattern: load64(RingLayout.Header.clockOffset)), -now), .max - now - year)
    }
}

/// Limits times that were read from a ring, so that they are not later than now.
///
/// To save system calls, a clock is read only if a time is later than the value that was last read from that clock.
/// This happens once per frame.
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
