import Linux
import Logging
import Names
import Pacing
import SharedFrame

/// Logs what changes, once: an upstream that comes and goes is not worth a line each time.
struct ProblemLog {
    private let logger: Logger
    private let camera: CameraName
    private let upstream: UpstreamAddress
    private var current: UpstreamProblem?
    /// The same problem is logged again after a minute, if there were pictures in between.
    private var limit = LogLimit<UpstreamProblem>(.allMessages, shortestInterval: .seconds(60))

    init(_ logger: Logger, camera: CameraName, upstream: UpstreamAddress) {
        self.logger = logger
        self.camera = camera
        self.upstream = upstream
    }

    /// No pictures, for this reason.
    mutating func problem(_ problem: UpstreamProblem) {
        guard problem != current else { return }
        let verdict = limit.verdict(on: problem, at: .now)
        guard verdict != .drop else { return }
        current = problem
        let says = if case .camera = problem { "the upstream says: " } else { "" }
        let end = verdict == .write ? "" : " (Further messages suppressed for 10 minutes.)"
        logger.warning("camera \(camera): \(says)\(problem.sentence(upstream))\(end)")
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
