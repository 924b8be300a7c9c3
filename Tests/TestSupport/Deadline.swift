import Linux

/// A moment by which something must have happened.
public struct Deadline: Sendable {
    private let end: UInt64

    /// A deadline `seconds` from now.
    public init(seconds: Double) {
        end = Clock.monotonic + UInt64(seconds * 1e9)
    }

    public var isOver: Bool { Clock.monotonic >= end }

    /// What is left, in milliseconds; 0 when it is over.
    public var milliseconds: Int {
        let now = Clock.monotonic
        return now < end ? Int((end - now) / 1_000_000) + 1 : 0
    }
}

/// Looks at `condition` again and again until it holds; false when it does not within `seconds`.
public func eventually(_ seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(seconds: seconds)
    while true {
        if try condition() { return true }
        if deadline.isOver { return false }
        Poll.wait([], milliseconds: 10)
    }
}
