/// Computes the waits of an exponential backoff: each one is twice as long as the previous one, up to a maximum.
public struct Backoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private let jitter: Double
    private var delay: Duration

    /// Creates a backoff.
    ///
    /// - Parameters:
    ///   - first: The first wait.
    ///   - maximum: The maximum wait, before jitter is added.
    ///   - jitter: The maximum fraction, from 0 to 1, by which each wait is randomly made longer or shorter. When many
    ///     programs have lost their connections to a server, this prevents them from reconnecting at the same moment.
    public init(first: Duration, maximum: Duration, jitter: Double = 0) {
        self.first = first
        self.maximum = maximum
        self.jitter = min(max(jitter, 0), 1)
        delay = first
    }

    /// Returns how long to wait after a failed attempt; each call returns a longer wait, up to the maximum.
    public mutating func next() -> Duration {
        defer { delay = min(delay * 2, maximum) }
        return jitter == 0 ? delay : delay * Double.random(in: (1 - jitter)...(1 + jitter))
    }

    /// Resets the delay to its initial value.
    ///
    /// Call this after an attempt has succeeded, or when another attempt is more likely to succeed than before.
    public mutating func reset() { delay = first }
}
