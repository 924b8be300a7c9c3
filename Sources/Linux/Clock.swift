import Glibc

/// Reads the kernel's clocks (clock_gettime(2)).
public enum Clock {
    /// CLOCK_MONOTONIC in nanoseconds.
    ///
    /// This clock never goes back, and all processes of the machine read the same time.
    public static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

    /// CLOCK_REALTIME in nanoseconds since 1970-01-01 UTC.
    public static var realtime: UInt64 { read(CLOCK_REALTIME) }

    /// CPU time of the calling thread in nanoseconds.
    public static var threadCPU: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
