/// How long to wait before the next attempt: 0.1 s, then twice as long each time, 2 s at most, for ever.
struct Backoff {
    static let shortest: UInt64 = 100_000_000
    static let longest: UInt64 = 2_000_000_000

    private var delay = Backoff.shortest

    /// The nanoseconds to wait after one more attempt has failed.
    mutating func next() -> UInt64 {
        defer { delay = min(delay * 2, Self.longest) }
        return delay
    }

    /// Begins with the shortest wait again: the source works, or something has changed.
    mutating func reset() {
        delay = Self.shortest
    }
}
