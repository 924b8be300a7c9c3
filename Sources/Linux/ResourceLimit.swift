import Glibc

/// The resource limits of this process (getrlimit(2)).
public enum ResourceLimit {
    /// Raises the soft limit on open descriptors to the hard limit or to `maximum`, whichever is lower.
    ///
    /// Returns the soft limit that is then in effect, or 1024 if it cannot be read.
    public static func raiseOpenFiles(maximum: Int = .max) -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return 1024 }
        let wanted = min(limit.rlim_max, rlim_t(clamping: maximum))
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            _ = unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
