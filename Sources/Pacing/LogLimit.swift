public import Linux

/// Keeps a problem that occurs again and again from filling the log.
public struct LogLimit<Message: Hashable & Sendable>: Sendable {
    /// What to do with a message.
    public enum Verdict: Equatable, Sendable {
        case write
        /// Write it and say that no more follow for a while.
        case writeLast
        case drop
    }

    /// What the limit counts.
    public enum Scope: Sendable {
        /// The lines of each message by itself.
        case eachMessage
        /// The lines of all messages together.
        case allMessages
    }

    /// How many lines are written in each ``window``.
    public static var maximumLineCount: Int { 10 }
    public static var window: Duration { .seconds(600) }
    /// The messages that are remembered at once: messages may hold text from outside, which can vary without end.
    private static var maximumMessageCount: Int { 256 }

    private struct Count {
        var lines = 0
        /// When the window began.
        let start: Instant
        var lastLine: Instant
    }

    private let scope: Scope
    private let shortestInterval: Duration
    private var counts: [Message: Count] = [:]
    private var total: Count?

    /// - Parameters:
    ///   - scope: what the limit counts.
    ///   - shortestInterval: from one line of a message to the next line of the same message.
    public init(_ scope: Scope, shortestInterval: Duration = .zero) {
        self.scope = scope
        self.shortestInterval = shortestInterval
    }

    /// Decides about a message that occurs at `now`.
    public mutating func verdict(on message: Message, at now: Instant) -> Verdict {
        forgetOld(at: now)
        var count = counts[message] ?? Count(start: now, lastLine: .distantPast)
        if count.lines > 0, now - count.lastLine < shortestInterval { return .drop }
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

    private mutating func forgetOld(at now: Instant) {
        counts = counts.filter { now - $0.value.start < Self.window }
        if let total, now - total.start >= Self.window { self.total = nil }
        guard counts.count >= Self.maximumMessageCount else { return }
        if let oldest = counts.min(by: { $0.value.lastLine < $1.value.lastLine }) { counts[oldest.key] = nil }
    }
}
