/// Keeps what happens again and again, such as a camera that gives one picture and falls silent, from filling the log.
struct LogLimit {
    enum Verdict: Equatable {
        /// To be written.
        case new
        /// To be written, as the last of its kind for a while.
        case last
        case tooMuch
    }

    /// How often a sentence may be written within ``window``.
    static let most = 10
    /// Ten minutes, in nanoseconds.
    static let window: UInt64 = 600_000_000_000

    private var writings: [String: (count: Int, since: UInt64)] = [:]

    /// What is to become of `sentence` at `now` (nanoseconds).
    mutating func verdict(on sentence: String, at now: UInt64) -> Verdict {
        writings = writings.filter { now < $0.value.since + Self.window }
        var (count, since) = writings[sentence] ?? (0, now)
        count += 1
        writings[sentence] = (count, since)
        return count < Self.most ? .new : count == Self.most ? .last : .tooMuch
    }
}
