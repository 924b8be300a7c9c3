/// The metadata of a captured frame.
public struct CapturedFrame: Equatable, Sendable {
    /// When it was taken, in nanoseconds of CLOCK_MONOTONIC: the driver's time, or the time it was dequeued if the
    /// driver uses another clock or its time is implausible.
    public let monotonic: UInt64
    /// The driver's sequence number; gaps are frames for which it had no buffer.
    public let sequence: UInt32
    public let isDriverTime: Bool

    init(_ state: BufferState, now: UInt64) {
        sequence = state.sequence
        // A time in the future or of long ago is wrong.
        if let time = state.timestamp, time <= now, now - time < 5_000_000_000 {
            monotonic = time
            isDriverTime = true
        } else {
            monotonic = now
            isDriverTime = false
        }
    }
}

/// Counts of a camera's buffers.
public struct BufferCounts: Equatable, Sendable {
    /// Buffers dequeued, whole or not.
    public var dequeued = 0
    /// Marked as damaged by the driver (`V4L2_BUF_FLAG_ERROR`).
    public var flagged = 0
    /// Delivered without any bytes.
    public var empty = 0
    /// Raw pictures with fewer bytes than a whole one.
    public var truncated = 0
    /// Whole, but dropped for a newer one.
    public var stale = 0
    /// Never delivered: gaps in the driver's sequence numbers.
    public var missed = 0

    public init() {}
}
