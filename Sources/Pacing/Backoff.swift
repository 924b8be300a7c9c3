/// How long to wait before the next attempt: twice as long each time, up to a limit.
public struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private let jitter: Double
    private var delay: Duration

    /// Starts at `first` and doubles until `longest`.
    ///
    /// `jitter`, from 0 to 1, is the part by which each wait is longer or shorter at random, so that many programs that
    /// lost the same server do not come back at the same moment.
    public init(first: Duration, longest: Duration, jitter: Double = 0) {
        self.first = first
        self.longest = longest
        self.jitter = min(max(jitter, 0), 1)
        delay = first
    }

    /// The wait after one more attempt has failed.
    public mutating func next() -> Duration {
        defer { delay = min(delay * 2, longest) }
        return jitter == 0 ? delay : delay * Double.random(in: (1 - jitter)...(1 + jitter))
    }

    /// Starts again with the shortest wait: an attempt succeeded, or something has changed.
    public mutating func reset() { delay = first }
}
