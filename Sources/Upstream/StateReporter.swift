import Linux
import SharedFrame
import UpstreamAccess

/// Reports the upstream's state to the readers of the ring, and in the log.
struct StateReporter {
    /// The loss of a connection is reported to readers only if no picture has arrived for this long.
    private static let gracePeriod = Duration.seconds(1)

    private let publisher: FramePublisher
    private let upstream: UpstreamAddress
    private var log: ProblemLog
    private var current: UpstreamProblem?
    private var isIdle = false
    private var state = CameraState.waiting
    private var reason = ""
    private var ringLog: RingLog
    /// When the last picture arrived.
    private(set) var lastPicture: Instant?

    init(_ publisher: FramePublisher, upstream: UpstreamAddress, log: ProblemLog, ringLog: RingLog) {
        self.publisher = publisher
        self.upstream = upstream
        self.log = log
        self.ringLog = ringLog
        set(.waiting, Self.waitingReason(upstream))
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
        set(.live, "")
    }

    /// Reports that nobody is watching, and that the upstream worked when somebody was last watching.
    mutating func idle() {
        current = nil
        isIdle = true
        set(.idle, "")
    }

    /// Reports that somebody is watching again, but no picture has arrived yet.
    mutating func waiting() {
        guard isIdle else { return }
        isIdle = false
        set(.waiting, Self.waitingReason(upstream))
    }

    /// Reports why no pictures arrive.
    mutating func problem(_ problem: UpstreamProblem) {
        log.problem(problem)
        current = problem
        isIdle = false
        update()
    }

    /// Publishes the current problem if its grace period is over.
    mutating func update() {
        guard let current else { return }
        if let lastPicture, current.isConnectionLoss, .now - lastPicture < Self.gracePeriod { return }
        set(current.state, current.sentence(upstream))
    }

    /// Reports why other programs cannot open the ring; nil means that they can.
    ///
    /// The camera may work nevertheless, because readers that have opened the ring earlier still get its frames. Its
    /// state therefore does not change, but a state without a reason gets this one.
    mutating func ring(_ problem: RingError?) {
        if ringLog.set(problem) { publish() }
    }

    private mutating func set(_ state: CameraState, _ reason: String) {
        self.state = state
        self.reason = reason
        publish()
    }

    private func publish() {
        publisher.setState(state, reason: reason.isEmpty ? ringLog.current?.description ?? "" : reason)
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
