import Linux

/// A moment on the monotonic clock until which a test waits.
public struct Deadline: Sendable {
    private let end: UInt64

    /// Creates a deadline `seconds` from now.
    public init(seconds: Double) {
        end = Clock.monotonic + UInt64(seconds * 1e9)
    }

    public var isOver: Bool { Clock.monotonic >= end }

    /// The remaining milliseconds, rounded up, or 0 if the deadline has passed.
    public var milliseconds: Int {
        let now = Clock.monotonic
        return now < end ? Int((end - now) / 1_000_000) + 1 : 0
    }
}

/// Evaluates `condition` every 10 ms until it is true.
///
/// Returns false if it does not become true within `seconds`.
public func eventually(_ seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(seconds: seconds)
    while true {
        if try condition() { return true }
        if deadline.isOver { return false }
        Poll.wait([], milliseconds: 10)
    }
}
