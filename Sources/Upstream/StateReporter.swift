import Linux
import SharedFrame

/// Reports the upstream's state to readers of the ring and in the log.
struct StateReporter {
    /// A connection that is lost and made again within this time after a picture is not reported to readers.
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

    /// A picture came.
    mutating func picture() {
        lastPicture = .now
        well()
    }

    /// The upstream is well, though it may have no new picture.
    mutating func well() {
        log.pictures()
        current = nil
        isIdle = false
        publisher.setState(.live, reason: "")
    }

    /// Nobody watches, and the upstream was well when last asked.
    mutating func idle() {
        current = nil
        isIdle = true
        publisher.setState(.idle, reason: "")
    }

    /// Somebody watches again, and pictures do not come at once.
    mutating func waiting() {
        guard isIdle else { return }
        isIdle = false
        publisher.setState(.waiting, reason: Self.waitingReason(upstream))
    }

    /// No pictures come, for this reason.
    mutating func problem(_ problem: UpstreamProblem) {
        log.problem(problem)
        current = problem
        isIdle = false
        update()
    }

    /// Shows a problem whose grace period is over.
    func update() {
        guard let current else { return }
        if let lastPicture, current.isConnectionLoss, .now - lastPicture < Self.gracePeriod { return }
        publisher.setState(current.state, reason: current.sentence(upstream))
    }

    private static func waitingReason(_ upstream: UpstreamAddress) -> String { "Connecting to \(upstream)." }

    /// Something else worth a line in the log.
    func note(_ text: String) {
        log.note(text)
    }
}

extension UpstreamProblem {
    /// Whether connecting again may be all that is needed.
    fileprivate var isConnectionLoss: Bool {
        switch self {
        case .ended, .broken, .refused, .status(502...504): true
        default: false
        }
    }
}
