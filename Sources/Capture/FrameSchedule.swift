/// The times at which a source that goes by the clock gives its pictures.
struct FrameSchedule {
    private let interval: UInt64
    /// When the next picture is due (CLOCK_MONOTONIC, nanoseconds).
    private(set) var due: UInt64 = 0

    init(framesPerSecond: Double) {
        interval = UInt64(max(1, 1_000_000_000 / framesPerSecond))
    }

    /// The first picture is due at once.
    mutating func begin(at now: UInt64) {
        due = now
    }

    /// Whether a picture is due at `now`; then the next one is planned.
    ///
    /// Pictures whose time has passed unused are left out.
    mutating func take(at now: UInt64) -> Bool {
        guard now >= due else { return false }
        due += interval
        if due <= now { due += (now - due) / interval * interval + interval }
        return true
    }
}
