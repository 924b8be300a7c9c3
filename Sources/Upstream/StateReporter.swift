import Linux
import SharedFrame

/// Reports the upstream's state to readers of the ring and in the log.
struct StateReporter {
    /// A connection that is lost and re-established within this time after a picture is not reported to readers.
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

    /// A picture arrived.
    mutating func picture() {
        lastPicture = .now
        well()
    }

    /// The upstream works, though it may have no new picture.
    mutating func well() {
        log.pictures()
        current = nil
        isIdle = false
        publisher.setState(.live, reason: "")
    }

    /// Nobody is watching, and the upstream worked when last tried.
    mutating func idle() {
        current = nil
        isIdle = true
        publisher.setState(.idle, reason: "")
    }

    /// Somebody is watching again, and pictures are slow to arrive.
    mutating func waiting() {
        guard isIdle else { return }
        isIdle = false
        publisher.setState(.waiting, reason: Self.waitingReason(upstream))
    }

    /// No pictures arrive, for this reason.
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
    /// Whether reconnecting may be all that is needed.
    fileprivate var isConnectionLoss: Bool {
        switch self {
        case .ended, .broken, .refused, .status(502...504): true
        default: false
        }
    }
}
