import Linux
import Logging
import Names
import SharedFrame

/// Says in the log what changes, once: an upstream that comes and goes is not worth a line each time.
struct ProblemLog {
    /// The same problem is logged again after so long, if there were pictures in between.
    private static let quietNanoseconds: UInt64 = 60_000_000_000
    /// Of whatever problems, no more than this within ``windowNanoseconds``.
    static let mostLines = 10
    private static let windowNanoseconds: UInt64 = 600_000_000_000

    private let logger: Logger
    private let camera: CameraName
    private let upstream: UpstreamAddress
    private var current: UpstreamProblem?
    /// The lines of the last while, at most ``mostLines``.
    private var logged: [(problem: UpstreamProblem, time: UInt64)] = []

    init(_ logger: Logger, camera: CameraName, upstream: UpstreamAddress) {
        self.logger = logger
        self.camera = camera
        self.upstream = upstream
    }

    /// No pictures, for this reason.
    mutating func problem(_ problem: UpstreamProblem) {
        guard problem != current else { return }
        let now = Clock.monotonic
        logged.removeAll { now &- $0.time >= Self.windowNanoseconds }
        let isKnown = logged.contains { $0.problem == problem && now &- $0.time < Self.quietNanoseconds }
        guard !isKnown, logged.count < Self.mostLines else { return }
        current = problem
        logged.append((problem, now))
        let says = if case .camera = problem { "the upstream says: " } else { "" }
        let end = logged.count < Self.mostLines ? "" : " (Much has gone wrong lately: no more of it for ten minutes.)"
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
