import Linux

/// Limits how many pictures per second are taken from an upstream, while bursts after a network delay pass.
struct PictureBudget {
    /// Pictures per second over any longer time: the most that a camera of Oriel's can be set to.
    static let picturesPerSecond = 240
    /// Pictures at once: what most cameras send in two seconds.
    ///
    /// The ring numbers pictures from its clock's milliseconds on, so its numbers never run further ahead than this.
    static let burst = 60
    /// How long the server has to wait when the budget is used up.
    static let rest = Duration.milliseconds(50)

    private static let interval = Duration.seconds(1) / picturesPerSecond
    /// When the budget is full again: one interval later for each picture taken.
    private var full = Instant.distantPast

    /// Takes a picture that arrives at `now`; returns false if it is too many.
    mutating func take(at now: Instant) -> Bool {
        let start = max(full, now)
        guard start - now <= Self.interval * (Self.burst - 1) else { return false }
        full = start + Self.interval
        return true
    }
}
