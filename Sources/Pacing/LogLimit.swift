public import Linux

/// Limits the rate of log lines, so that a recurring problem does not fill the log.
public struct LogLimit<Message: Hashable & Sendable>: Sendable {
    /// What to do with a message.
    public enum Verdict: Equatable, Sendable {
        case write
        /// Write the message, and add that further messages are suppressed for a while.
        case writeLast
        case drop
    }

    /// Which lines the limit counts.
    public enum Scope: Sendable {
        /// The lines of each message separately.
        case eachMessage
        /// The lines of all messages together.
        case allMessages
    }

    /// The maximum number of lines in each time span of length ``window``.
    public static var maximumLineCount: Int { 10 }
    public static var window: Duration { .seconds(600) }
    /// The maximum number of messages to remember.
    ///
    /// Messages may contain text from outside, such as a request, so there may be any number of different messages.
    private static var maximumMessageCount: Int { 256 }

    private struct Count {
        var lines = 0
        /// The start of the time span in which `lines` are counted.
        let start: Instant
        var lastLine: Instant
    }

    private let scope: Scope
    private let minimumInterval: Duration
    private var counts: [Message: Count] = [:]
    private var total: Count?

    /// Creates a limit.
    ///
    /// - Parameters:
    ///   - scope: Which lines the limit counts.
    ///   - minimumInterval: The minimum time between two lines with the same message.
    public init(_ scope: Scope, minimumInterval: Duration = .zero) {
        self.scope = scope
        self.minimumInterval = minimumInterval
    }

    /// Decides whether to write a message that occurs at `now`.
    public mutating func verdict(on message: Message, at now: Instant) -> Verdict {
        removeExpired(at: now)
        var count = counts[message] ?? Count(start: now, lastLine: .distantPast)
        if count.lines > 0, now - count.lastLine < minimumInterval { return .drop }
        var all = total ?? Count(start: now, lastLine: .distantPast)
        let lines = scope == .eachMessage ? count.lines : all.lines
        guard lines < Self.maximumLineCount else { return .drop }
        count.lines += 1
        count.lastLine = now
        all.lines += 1
        counts[message] = count
        total = all
        return lines + 1 < Self.maximumLineCount ? .write : .writeLast
    }

    private mutating func removeExpired(at now: Instant) {
        counts = counts.filter { now - $0.value.start < Self.window }
        if let total, now - total.start >= Self.window { self.total = nil }
        guard counts.count >= Self.maximumMessageCount else { return }
        if let oldest = counts.min(by: { $0.value.lastLine < $1.value.lastLine }) { counts[oldest.key] = nil }
    }
}
