/// A moment on CLOCK_MONOTONIC, which is never set back and is the same in all processes of the machine.
///
/// Arithmetic stays within the clock's range instead of trapping: a moment may come from another process.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds on the clock.
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static var now: Instant { Instant(nanoseconds: Clock.monotonic) }

    /// Before every other moment, and after.
    public static let distantPast = Instant(nanoseconds: 0)
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

    /// How long after `other` this moment is; negative if it is before.
    public static func - (moment: Instant, other: Instant) -> Duration {
        moment >= other
            ? .nanoseconds(Int64(clamping: moment.nanoseconds - other.nanoseconds))
            : .nanoseconds(-Int64(clamping: other.nanoseconds - moment.nanoseconds))
    }

    /// How long ago this moment was at `now`; zero if it is still to come.
    public func age(at now: Instant) -> Duration { max(.zero, now - self) }
}

extension Duration {
    /// Whole nanoseconds, rounded toward zero; limited to what 64 bits hold, 292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isSumOver) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isOver || isSumOver ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds, rounded up: as a timeout of poll(2) that does not end early.
    public var millisecondsRoundedUp: Int {
        let value = nanoseconds
        return value <= 0 ? 0 : Int((value - 1) / 1_000_000 + 1)
    }

    /// As a number of seconds.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    /// A number of seconds; zero for what is no number, and never longer than 292 years.
    public init(inSeconds seconds: Double) {
        let limit = 9e9
        self = seconds.isFinite ? .nanoseconds(Int64(min(max(seconds, -limit), limit) * 1e9)) : .zero
    }
}
