/// Exponential backoff: each wait is twice as long as the one before, up to a maximum.
public struct Backoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private let jitter: Double
    private var delay: Duration

    /// Starts at `first` and doubles up to `maximum`.
    ///
    /// - Parameters:
    ///   - first: The first wait.
    ///   - maximum: The maximum wait.
    ///   - jitter: The fraction, 0 to 1, by which each wait is randomly longer or shorter, so that many programs that
    ///     lost the same server do not reconnect at the same moment.
    public init(first: Duration, maximum: Duration, jitter: Double = 0) {
        self.first = first
        self.maximum = maximum
        self.jitter = min(max(jitter, 0), 1)
        delay = first
    }

    /// Returns how long to wait after another failed attempt.
    public mutating func next() -> Duration {
        defer { delay = min(delay * 2, maximum) }
        return jitter == 0 ? delay : delay * Double.random(in: (1 - jitter)...(1 + jitter))
    }

    /// Restarts with the first wait, after a success or a change.
    public mutating func reset() { delay = first }
}
