/// How long to wait before a part is started again: longer each time, shorter again once it has run.
public struct RestartDelay: Sendable {
    public static let shortest = Duration.milliseconds(100)
    /// So that a part whose trouble is over is back within five seconds.
    public static let longest = Duration.milliseconds(3200)
    /// A part that ran for so long begins with ``shortest`` again.
    public static let recovery = Duration.seconds(10)

    /// How often in a row the part has ended without having run for ``recovery``.
    public private(set) var failures = 0

    public init() {}

    /// The wait after the part has ended, having run for `duration`.
    public mutating func next(after duration: Duration) -> Duration {
        if duration >= Self.recovery { failures = 0 }
        failures += 1
        return failures > 5 ? Self.longest : Self.shortest * (1 << (failures - 1))
    }

    /// The part has run for ``recovery``.
    public mutating func reset() { failures = 0 }
}
