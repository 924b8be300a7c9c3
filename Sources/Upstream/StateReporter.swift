import Linux
import SharedFrame

/// Reports the upstream's state to the readers of the ring, and in the log.
struct StateReporter {
    /// The loss of a connection is reported to readers only if no picture has arrived for this long.
    private static let gracePeriod = Duration.seconds(1)

    private let publisher: FramePublisher
    private let upstream: UpstreamAddress
    private var log: ProblemLog
    private var current: UpstreamProblem?
    private var isIdle = false
    /// When the last picture arrived.
    private(set) var lastPicture: Instant?

    init(_ publisher: FramePublisher, upstream: UpstreamAddress, log: ProblemLog) {
        self.publisher = publisher
        self.upstream = upstream
        self.log = log
        publisher.setState(.waiting, reason: Self.waitingReason(upstream))
    }

    /// Reports that a picture has arrived.
    mutating func picture() {
        lastPicture = .now
        well()
    }

    /// Reports that the upstream works, even if it has no new picture.
    mutating func well() {
        log.pictures()
        current = nil
        isIdle = false
        publisher.setState(.live, reason: "")
    }

    /// Reports that nobody is watching, and that the upstream worked when somebody was last watching.
    mutating func idle() {
        current = nil
        isIdle = true
        publisher.setState(.idle, reason: "")
    }

    /// Reports that somebody is watching again, but no picture has arrived yet.
    mutating func waiting() {
        guard isIdle else { return }
        isIdle = false
        publisher.setState(.waiting, reason: Self.waitingReason(upstream))
    }

    /// Reports why no pictures arrive.
    mutating func problem(_ problem: UpstreamProblem) {
        log.problem(problem)
        current = problem
        isIdle = false
        update()
    }

    /// Publishes the current problem if its grace period is over.
    func update() {
        guard let current else { return }
        if let lastPicture, current.isConnectionLoss, .now - lastPicture < Self.gracePeriod { return }
        publisher.setState(current.state, reason: current.sentence(upstream))
    }

    private static func waitingReason(_ upstream: UpstreamAddress) -> String { "Connecting to \(upstream)." }

    /// Logs a notice.
    func note(_ text: String) {
        log.note(text)
    }
}

extension UpstreamProblem {
    /// Whether the problem is the loss of a connection, which reconnecting may solve.
    fileprivate var isConnectionLoss: Bool {
        switch self {
        case .ended, .broken, .refused, .status(502...504): true
        default: false
        }
    }
}
