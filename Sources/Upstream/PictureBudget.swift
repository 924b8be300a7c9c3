import Linux

/// Limits the picture rate of an upstream, but allows bursts, which occur after a network delay.
struct PictureBudget {
    /// The maximum sustained rate, which is the highest frame rate that can be configured for a camera in Oriel.
    static let picturesPerSecond = 240
    /// The maximum number of pictures in a burst.
    ///
    /// Most cameras take two seconds to send this many pictures. The first frame number of a new ring is the time in
    /// milliseconds. Because bursts are limited, the number of a later frame exceeds the time of its arrival, in
    /// milliseconds, by at most this value.
    static let burst = 60
    /// Returns how long to stop reading after `count` pictures have exceeded the budget.
    ///
    /// This is how long they would have taken at the maximum sustained rate, but at least 50 ms and at most a second.
    static func rest(afterExcess count: Int) -> Duration {
        min(max(interval * min(count, picturesPerSecond), .milliseconds(50)), .seconds(1))
    }

    private static let interval = Duration.seconds(1) / picturesPerSecond
    /// When the budget will be full again.
    ///
    /// Each picture moves this time one interval into the future.
    private var full = Instant.distantPast

    /// Takes one picture from the budget at `now`; returns false if the budget is used up.
    mutating func take(at now: Instant) -> Bool {
        let start = max(full, now)
        guard start - now <= Self.interval * (Self.burst - 1) else { return false }
        full = start + Self.interval
        return true
    }
}
