/// The delay before a part is restarted.
///
/// The delay doubles with each failure. It returns to its minimum after the part has run long enough.
public struct RestartDelay: Sendable {
    public static let minimum = Duration.milliseconds(100)
    /// The maximum delay.
    ///
    /// It is short enough that a part runs again within five seconds after the cause of its failures is gone.
    public static let maximum = Duration.milliseconds(3200)
    /// How long a part must run before the delay returns to its minimum.
    public static let recovery = Duration.seconds(10)

    /// The number of consecutive runs shorter than ``recovery``.
    public private(set) var failures = 0

    public init() {}

    /// Returns the delay before the next start, after the part has run for `duration`.
    public mutating func next(after duration: Duration) -> Duration {
        if duration >= Self.recovery { failures = 0 }
        failures += 1
        return failures > 5 ? Self.maximum : Self.minimum * (1 << (failures - 1))
    }

    /// Resets the delay to its minimum.
    ///
    /// Called after the part has run for ``recovery``.
    public mutating func reset() { failures = 0 }
}
