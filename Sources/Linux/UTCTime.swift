import Glibc

/// A timestamp in UTC (RFC 3339).
public struct UTCTime: Equatable, Sendable {
    /// The date and time, such as `2026-11-22T13:09:21.956Z`.
    public let text: String

    /// Converts `realtime`, which is a number of nanoseconds since 1970-01-01 UTC.
    public init(realtime: UInt64) {
        var seconds = time_t(clamping: realtime / 1_000_000_000)
        var fields = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &fields)
        let date =
            unsafe "\(padded(Int(fields.tm_year) + 1900, 4))-\(padded(Int(fields.tm_mon) + 1, 2))-\(padded(Int(fields.tm_mday), 2))"
        let time =
            unsafe "\(padded(Int(fields.tm_hour), 2)):\(padded(Int(fields.tm_min), 2)):\(padded(Int(fields.tm_sec), 2))"
        text = "\(date)T\(time).\(padded(Int(realtime / 1_000_000 % 1000), 3))Z"
    }
}
