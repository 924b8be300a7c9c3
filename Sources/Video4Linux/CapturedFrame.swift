/// What is known of a frame that a camera has delivered.
public struct CapturedFrame: Equatable, Sendable {
    /// When it was taken, in nanoseconds of CLOCK_MONOTONIC: the driver's time, or the time it was fetched where the
    /// driver's clock is another or cannot be right.
    public let monotonic: UInt64
    /// The driver's number; gaps are frames that it had no buffer for.
    public let sequence: UInt32
    public let isDriverTime: Bool

    init(_ state: BufferState, now: UInt64) {
        sequence = state.sequence
        // A time in the future, or one of long ago, comes from a clock that was mistaken.
        if let time = state.timestamp, time <= now, now - time < 5_000_000_000 {
            monotonic = time
            isDriverTime = true
        } else {
            monotonic = now
            isDriverTime = false
        }
    }
}

/// What happened to a camera's buffers.
public struct BufferCounts: Equatable, Sendable {
    /// Buffers taken from the driver, good or bad.
    public var dequeued = 0
    /// Marked as damaged by the driver (`V4L2_BUF_FLAG_ERROR`).
    public var flagged = 0
    /// Delivered without a byte.
    public var empty = 0
    /// Raw pictures with fewer bytes than they need.
    public var truncated = 0
    /// Whole, but passed over for a newer one.
    public var stale = 0
    /// Never delivered: gaps in the driver's numbers.
    public var missed = 0

    public init() {}
}
