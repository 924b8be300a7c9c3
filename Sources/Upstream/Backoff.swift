/// How long to wait before the next attempt: 0.25 s, doubling to 10 s, each ± 20 % so that many relays do not come
/// back in step.
struct Backoff {
    static let firstMilliseconds = 250
    static let lastMilliseconds = 10_000

    private var milliseconds = firstMilliseconds

    /// The pause before the next attempt, in milliseconds.
    mutating func next() -> Int {
        defer { milliseconds = min(milliseconds * 2, Self.lastMilliseconds) }
        return milliseconds * Int.random(in: 80...120) / 100
    }

    /// After success the next pause is short again.
    mutating func reset() {
        milliseconds = Self.firstMilliseconds
    }
}
