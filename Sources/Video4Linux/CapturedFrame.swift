/// The metadata of a captured frame.
public struct CapturedFrame: Equatable, Sendable {
    /// When the frame was taken: CLOCK_MONOTONIC in nanoseconds.
    ///
    /// This is the driver's time. If the driver uses another clock, or if its time is implausible, the time at which
    /// the frame was dequeued is used instead.
    public let monotonic: UInt64
    /// The driver's sequence number.
    ///
    /// A gap means that the driver had no buffer for a frame.
    public let sequence: UInt32
    /// Whether ``monotonic`` is the driver's time.
    public let isDriverTime: Bool

    init(_ state: BufferState, now: UInt64) {
        sequence = state.sequence
        // A time in the future or more than five seconds ago is wrong.
        if let time = state.timestamp, time <= now, now - time < 5_000_000_000 {
            monotonic = time
            isDriverTime = true
        } else {
            monotonic = now
            isDriverTime = false
        }
    }
}

/// How many buffers a camera has delivered, and how many pictures were damaged, dropped or missed.
public struct BufferCounts: Equatable, Sendable {
    /// The number of buffers that were dequeued, whole or not.
    public var dequeued = 0
    /// The number of buffers that the driver has marked as damaged (`V4L2_BUF_FLAG_ERROR`).
    public var flagged = 0
    /// The number of buffers that contained no bytes.
    public var empty = 0
    /// The number of raw pictures that had fewer bytes than a whole picture.
    public var truncated = 0
    /// The number of whole pictures that were dropped because a newer one was available.
    public var stale = 0
    /// The number of frames that were never delivered, according to gaps in the driver's sequence numbers.
    public var missed = 0

    public init() {}
}
