import Linux
import Logging
import SharedFrame

/// Says in the log what changes, once: an upstream that comes and goes is not worth a line each time.
struct ProblemLog {
    /// The same problem is logged again after so long, if there were pictures in between.
    private static let quietNanoseconds: UInt64 = 60_000_000_000

    private let logger: Logger
    private let camera: CameraName
    private let upstream: UpstreamAddress
    private var current: UpstreamProblem?
    private var logged: (problem: UpstreamProblem, time: UInt64)?

    init(_ logger: Logger, camera: CameraName, upstream: UpstreamAddress) {
        self.logger = logger
        self.camera = camera
        self.upstream = upstream
    }

    /// No pictures, for this reason.
    mutating func problem(_ problem: UpstreamProblem) {
        guard problem != current else { return }
        let now = Clock.monotonic
        if let logged, logged.problem == problem, now &- logged.time < Self.quietNanoseconds { return }
        current = problem
        logged = (problem, now)
        let says = if case .camera = problem { "the upstream says: " } else { "" }
        logger.warning("camera \(camera): \(says)\(problem.sentence(upstream))")
    }

    /// Pictures come.
    mutating func pictures() {
        guard current != nil else { return }
        current = nil
        logger.notice("camera \(camera): pictures come from \(upstream)")
    }

    /// Something else worth knowing.
    func note(_ text: String) {
        logger.notice("camera \(camera): \(text)")
    }
}
