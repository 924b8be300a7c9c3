/// Thins frames out to a rate by their times.
///
/// Due times lie on a fixed grid of the rate asked for, and each takes the first frame that comes from half an interval
/// before it: so 20 frames a second are had from a source of 30, where every second one would give 15, and a source that
/// gives the very rate loses none to jitter.
struct RateLimit {
    /// Nanoseconds between due times.
    private let interval: UInt64
    private var due: UInt64?

    /// - Parameter framesPerSecond: above 0.
    init(framesPerSecond: Double) {
        interval = UInt64(max(1, 1_000_000_000 / framesPerSecond))
    }

    /// Whether the frame of `time` (nanoseconds, rising) is one to keep.
    mutating func admits(_ time: UInt64) -> Bool {
        guard let due, time < due + interval, due < time + 2 * interval else {
            // The first frame, one after a pause, or a clock that went back: a new grid begins here.
            self.due = time + interval
            return true
        }
        guard time + interval / 2 >= due else { return false }
        self.due = due + interval
        return true
    }
}
