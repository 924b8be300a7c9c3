public import Linux

/// Limits the rate of frames, based on the times at which they were captured.
///
/// Frames are due at fixed intervals. For each due time, the limit keeps the first frame that is at most half an
/// interval early, and drops all other frames. So a source of 30 frames/s can be limited to 20 frames/s, although 20 is
/// not an integer fraction of 30. A source that already has the desired rate loses no frames because of jitter.
public struct RateLimit: Sendable {
    /// The time from one due time to the next.
    private let interval: Duration
    /// When the next frame is due; nil before the first one.
    private var due: Instant?

    /// - Parameter framesPerSecond: The maximum frame rate, which must be above 0.
    public init(framesPerSecond: Double) {
        interval = max(.nanoseconds(1), Duration(inSeconds: 1 / framesPerSecond))
    }

    /// Returns whether to keep the frame that was captured at `time`.
    ///
    /// Call it for each frame, in the order of capture.
    public mutating func admits(_ time: Instant) -> Bool {
        guard let due, time < due + interval, due < time + interval * 2 else {
            // This is the first frame, a frame after a pause, or a frame whose time went back. Start new intervals.
            self.due = time + interval
            return true
        }
        guard time + interval / 2 >= due else { return false }
        self.due = due + interval
        return true
    }
}
