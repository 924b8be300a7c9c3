public import Linux

/// Limits frames to a rate, by their times.
///
/// Due times form a fixed grid of that rate. Each takes the first frame that is at most half an interval early. So a
/// source of 30 frames/s gives 20, where every second frame would give 15, and a source of exactly this rate loses none
/// to jitter.
public struct RateLimit: Sendable {
    /// From one due time to the next.
    private let interval: Duration
    private var due: Instant?

    /// - Parameter framesPerSecond: above 0.
    public init(framesPerSecond: Double) {
        interval = max(.nanoseconds(1), Duration(inSeconds: 1 / framesPerSecond))
    }

    /// Whether to keep the frame of `time`; times increase from frame to frame.
    public mutating func admits(_ time: Instant) -> Bool {
        guard let due, time < due + interval, due < time + interval * 2 else {
            // The first frame, one after a pause, or a clock that was set back: start a new grid.
            self.due = time + interval
            return true
        }
        guard time + interval / 2 >= due else { return false }
        self.due = due + interval
        return true
    }
}
