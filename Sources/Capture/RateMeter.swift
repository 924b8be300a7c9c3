/// Measures how many frames a second come, over the last 60 of them or the last minute.
struct RateMeter {
    private static let most = 61
    private static let window: UInt64 = 60_000_000_000

    /// Times of the last frames in nanoseconds, oldest first.
    private var times: [UInt64] = []

    mutating func add(_ time: UInt64) {
        if times.count == Self.most { times.removeFirst() }
        times.append(time)
    }

    mutating func reset() {
        times.removeAll(keepingCapacity: true)
    }

    /// Frames per second at `now` (nanoseconds); 0 with fewer than two frames and when they have ceased to come.
    mutating func rate(at now: UInt64) -> Double {
        times.removeAll { $0 + Self.window < now }
        guard times.count > 1, let first = times.first, let last = times.last, last > first else { return 0 }
        let interval = (last - first) / UInt64(times.count - 1)
        if last + max(2_000_000_000, 3 * interval) < now { return 0 }
        return Double(times.count - 1) * 1e9 / Double(last - first)
    }
}
