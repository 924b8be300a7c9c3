import Linux

/// The times at which a source that has no camera, such as the pattern, delivers its pictures.
struct FrameSchedule {
    private let interval: Duration
    /// When the next picture is due.
    private(set) var due = Instant.distantPast

    /// - Parameter framesPerSecond: The frame rate, which must be above 0.
    init(framesPerSecond: Double) {
        interval = max(.nanoseconds(1), Duration(inSeconds: 1 / framesPerSecond))
    }

    /// Makes the first picture due at once.
    mutating func begin(at now: Instant) {
        due = now
    }

    /// Returns whether a picture is due at `now`; if so, schedules the next one.
    ///
    /// If several pictures have become due since the last call, all but one of them are skipped.
    mutating func take(at now: Instant) -> Bool {
        guard now >= due else { return false }
        let passed = (now - due).nanoseconds / interval.nanoseconds
        due = due + interval * (passed + 1)
        return true
    }
}
