import Linux

/// The times at which a source driven by the clock delivers its pictures.
struct FrameSchedule {
    private let interval: Duration
    /// When the next picture is due.
    private(set) var due = Instant.distantPast

    /// - Parameter framesPerSecond: above 0.
    init(framesPerSecond: Double) {
        interval = max(.nanoseconds(1), Duration(inSeconds: 1 / framesPerSecond))
    }

    /// Makes the first picture due at once.
    mutating func begin(at now: Instant) {
        due = now
    }

    /// Returns whether a picture is due at `now`, and if so schedules the next one.
    ///
    /// Pictures that were missed are skipped.
    mutating func take(at now: Instant) -> Bool {
        guard now >= due else { return false }
        let passed = (now - due).nanoseconds / interval.nanoseconds
        due = due + interval * (passed + 1)
        return true
    }
}
