import Glibc

/// A date and time in the local time zone, for display.
public struct LocalTime: Equatable, Sendable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    public let hour: Int
    public let minute: Int
    /// 0 to 60, to allow for leap seconds.
    public let second: Int
    public let millisecond: Int

    /// Converts `realtime`, which is a number of nanoseconds since 1970-01-01 UTC.
    public init(realtime: UInt64) {
        var seconds = time_t(realtime / 1_000_000_000)
        var fields = unsafe tm()
        _ = unsafe localtime_r(&seconds, &fields)
        year = Int(unsafe fields.tm_year) + 1900
        month = Int(unsafe fields.tm_mon) + 1
        day = Int(unsafe fields.tm_mday)
        hour = Int(unsafe fields.tm_hour)
        minute = Int(unsafe fields.tm_min)
        second = Int(unsafe fields.tm_sec)
        millisecond = Int(realtime / 1_000_000 % 1000)
    }

    /// The date, such as `2026-11-22`.
    public var date: String { "\(year)-\(padded(month, 2))-\(padded(day, 2))" }

    /// The time of day, such as `14:08:05.042`.
    public var time: String {
        "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2)).\(padded(millisecond, 3))"
    }
}

/// Returns the decimal digits of `number`, with leading zeros up to `width` digits.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
