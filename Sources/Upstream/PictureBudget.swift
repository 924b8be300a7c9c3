import Linux

/// Limits the picture rate of an upstream but allows bursts after a network delay.
struct PictureBudget {
    /// The maximum sustained rate: the highest that an Oriel camera can be set to.
    static let picturesPerSecond = 240
    /// The maximum burst: what most cameras send in two seconds.
    ///
    /// A new ring starts numbering at the clock's milliseconds, so frame numbers never run further ahead than this.
    static let burst = 60
    /// How long to stop reading when the budget is used up: for as long as the excess pictures would have lasted.
    static func rest(afterExcess count: Int) -> Duration {
        min(max(interval * min(count, picturesPerSecond), .milliseconds(50)), .seconds(1))
    }

    private static let interval = Duration.seconds(1) / picturesPerSecond
    /// When the budget will be full again; each picture moves this one interval further.
    private var full = Instant.distantPast

    /// Takes one picture from the budget at `now`; returns false if the budget is used up.
    mutating func take(at now: Instant) -> Bool {
        let start = max(full, now)
        guard start - now <= Self.interval * (Self.burst - 1) else { return false }
        full = start + Self.interval
        return true
    }
}
