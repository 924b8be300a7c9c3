/// The delay before a restart: doubles with each failure, and resets once the part has run long enough.
public struct RestartDelay: Sendable {
    public static let minimum = Duration.milliseconds(100)
    /// Short enough that a part is back within five seconds once the cause is gone.
    public static let maximum = Duration.milliseconds(3200)
    /// How long a part must run before the delay resets.
    public static let recovery = Duration.seconds(10)

    /// The number of consecutive runs shorter than ``recovery``.
    public private(set) var failures = 0

    public init() {}

    /// Returns the delay after a run of `duration`.
    public mutating func next(after duration: Duration) -> Duration {
        if duration >= Self.recovery { failures = 0 }
        failures += 1
        return failures > 5 ? Self.maximum : Self.minimum * (1 << (failures - 1))
    }

    /// Called once the part has run for ``recovery``.
    public mutating func reset() { failures = 0 }
}
