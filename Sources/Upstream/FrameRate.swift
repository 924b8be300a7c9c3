/// Frames per second as they come, counted over a second.
struct FrameRate {
    private var started: UInt64
    private var count = 0

    /// `now` is CLOCK_MONOTONIC in nanoseconds.
    init(now: UInt64) {
        started = now
    }

    /// Counts a frame.
    mutating func count(_ frames: Int = 1) {
        count += frames
    }

    /// The rate since the last one that was told; nil until a second is over.
    mutating func measure(now: UInt64) -> Double? {
        let elapsed = now &- started
        guard elapsed >= 1_000_000_000 else { return nil }
        defer {
            started = now
            count = 0
        }
        return Double(count) * 1e9 / Double(elapsed)
    }
}
