import Linux
import Logging
import Names
import Pacing
import SharedFrame
import UpstreamAccess

/// Logs changes of an upstream's state.
///
/// If the state changes again and again, the number of log lines is limited.
struct ProblemLog {
    private let logger: Logger
    private let camera: CameraName
    private let upstream: UpstreamAddress
    private var current: UpstreamProblem?
    /// The limit for log lines.
    ///
    /// The same problem is logged again after a minute at the earliest, and only if pictures have arrived since then.
    private var limit = LogLimit<UpstreamProblem>(.allMessages, minimumInterval: .seconds(60))

    init(_ logger: Logger, camera: CameraName, upstream: UpstreamAddress) {
        self.logger = logger
        self.camera = camera
        self.upstream = upstream
    }

    /// Logs the reason why no pictures arrive.
    mutating func problem(_ problem: UpstreamProblem) {
        guard problem != current else { return }
        let verdict = limit.verdict(on: problem, at: .now)
        guard verdict != .drop else { return }
        current = problem
        let says = if case .camera = problem { "the upstream reports: " } else { "" }
        let end = verdict == .write ? "" : " (Further messages are suppressed for 10 minutes.)"
        logger.warning("camera \(camera): \(says)\(problem.sentence(upstream))\(end)")
    }

    /// Logs that pictures arrive again, if a problem was logged before.
    mutating func pictures() {
        guard current != nil else { return }
        current = nil
        logger.notice("camera \(camera): receiving pictures from \(upstream)")
    }

    /// Logs a notice.
    func note(_ text: String) {
        logger.notice("camera \(camera): \(text)")
    }
}
