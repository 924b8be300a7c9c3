import Linux

/// A deadline.
public struct Deadline: Sendable {
    private let end: UInt64

    /// Creates a deadline `seconds` from now.
    public init(seconds: Double) {
        end = Clock.monotonic + UInt64(seconds * 1e9)
    }

    public var isOver: Bool { Clock.monotonic >= end }

    /// The remaining milliseconds; 0 if it has passed.
    public var milliseconds: Int {
        let now = Clock.monotonic
        return now < end ? Int((end - now) / 1_000_000) + 1 : 0
    }
}

/// Polls `condition` until it holds; returns false if it does not within `seconds`.
public func eventually(_ seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(seconds: seconds)
    while true {
        if try condition() { return true }
        if deadline.isOver { return false }
        Poll.wait([], milliseconds: 10)
    }
}
