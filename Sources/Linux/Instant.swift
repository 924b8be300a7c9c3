/// A time on CLOCK_MONOTONIC, which never goes back and is the same in all processes of the machine.
///
/// Arithmetic saturates instead of trapping, because the value may come from another process and must not be trusted.
public struct Instant: Hashable, Comparable, Sendable {
    /// The value of the clock in nanoseconds.
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static var now: Instant { Instant(nanoseconds: Clock.monotonic) }

    /// The earliest possible time.
    public static let distantPast = Instant(nanoseconds: 0)
    /// The latest possible time.
    public static let distantFuture = Instant(nanoseconds: .max)

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (moment: Instant, duration: Duration) -> Instant {
        let distance = duration.nanoseconds
        if distance >= 0 {
            let (sum, isOver) = moment.nanoseconds.addingReportingOverflow(UInt64(distance))
            return isOver ? .distantFuture : Instant(nanoseconds: sum)
        }
        let (difference, isUnder) = moment.nanoseconds.subtractingReportingOverflow(distance.magnitude)
        return isUnder ? .distantPast : Instant(nanoseconds: difference)
    }

    public static func - (moment: Instant, duration: Duration) -> Instant { moment + (.zero - duration) }

    /// The time from `other` to `moment`; negative if `moment` is earlier.
    public static func - (moment: Instant, other: Instant) -> Duration {
        moment >= other
            ? .nanoseconds(Int64(clamping: moment.nanoseconds - other.nanoseconds))
            : .nanoseconds(-Int64(clamping: other.nanoseconds - moment.nanoseconds))
    }

    /// Returns the time from this instant to `now`, or zero if this instant is later.
    public func age(at now: Instant) -> Duration { max(.zero, now - self) }
}

extension Duration {
    /// The duration in nanoseconds, rounded toward zero and clamped to the range of `Int64` (±292 years).
    public var nanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }

    /// The duration in milliseconds, rounded up so that a poll(2) timeout does not expire early; 0 if negative.
    public var millisecondsRoundedUp: Int {
        let value = nanoseconds
        return value <= 0 ? 0 : Int((value - 1) / 1_000_000 + 1)
    }

    /// The duration in seconds.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    /// Creates a duration in seconds, clamped to ±285 years; zero if `seconds` is not finite.
    public init(inSeconds seconds: Double) {
        let limit = 9e9
        self = seconds.isFinite ? .nanoseconds(Int64(min(max(seconds, -limit), limit) * 1e9)) : .zero
    }
}
