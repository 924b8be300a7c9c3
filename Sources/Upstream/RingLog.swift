import Linux
import Logging
import Pacing
import SharedFrame

/// Logs why a ring cannot be written or opened, and that this is over.
struct RingLog {
    private let logger: Logger
    private let ring: RingName
    private(set) var current: RingError?
    /// Whether a message about the problem was written since there was none.
    private var isWritten = false
    private var limit = LogLimit<String>(.eachMessage)

    init(_ logger: Logger, ring: RingName) {
        self.logger = logger
        self.ring = ring
    }

    /// Sets the current problem, and returns whether it has changed; nil means that there is none.
    @discardableResult
    mutating func set(_ problem: RingError?) -> Bool {
        guard problem != current else { return false }
        current = problem
        guard let problem else {
            if isWritten { logger.notice("camera \(ring.camera): shared memory \(ring) can be used again") }
            isWritten = false
            return true
        }
        let verdict = limit.verdict(on: problem.description, at: .now)
        if verdict != .drop { isWritten = true }
        switch verdict {
        case .write: logger.error("camera \(ring.camera): \(problem)")
        case .writeLast:
            logger.error("camera \(ring.camera): \(problem) (Further messages are suppressed for 10 minutes.)")
        case .drop: break
        }
        return true
    }
}
