import Linux
import SharedFrame

/// What has arrived over one connection, and the problem that it indicates.
final class Progress {
    /// Whether a picture of the camera has arrived, new or repeated.
    private(set) var hasPicture = false
    /// When the last new picture and the last repeated one arrived; `distantPast` if never.
    private(set) var lastWhole = Instant.distantPast
    private(set) var lastRepeat = Instant.distantPast
    /// The number of pictures rejected since the last good one, and why the last was rejected.
    private(set) var refusalCount = 0
    private(set) var refusal: UpstreamProblem?
    /// The current problem, if any.
    private(set) var problem: UpstreamProblem?
    /// Whether the maximum rate was exceeded since this was last reset.
    var isFlooded = false
    /// Whether a picture has been repeated since the last reset, which suggests that the camera is offline.
    var isRepeating = false

    /// The number of pictures above the maximum rate since the last pause.
    private var excessCount = 0

    private var hasNotedTruncation = false

    /// Records the outcome of a picture.
    func take(_ outcome: PictureIntake.Outcome, of camera: PulledCamera) {
        switch outcome {
        case .published:
            hasPicture = true
            lastWhole = .now
            refusalCount = 0
            problem = nil
            camera.countFrame()
            camera.reporter.picture()
        case .repeated:
            lastRepeat = .now
            isRepeating = true
            if camera.intake.offlineNumber == nil { hasPicture = true }
        case .tooMany:
            isFlooded = true
            excessCount += 1
        case .refused(let reason):
            refusalCount += 1
            refusal = reason
            guard camera.intake.isTruncationAllowed, !hasNotedTruncation else { return }
            hasNotedTruncation = true
            camera.reporter.note("most upstream JPEGs have no end marker; showing them anyway")
        }
    }

    /// Records the upstream's status of its camera.
    func take(_ status: UpstreamStatus, of camera: PulledCamera) {
        if status.isOnline || status.state == .idle {
            camera.intake.offlineNumber = nil
            if case .camera? = problem { problem = nil }
            if hasPicture && problem == nil && refusalCount == 0 { camera.reporter.well() }
        } else {
            camera.intake.offlineNumber = status.frameNumber
            show(.camera(status.state, reason: status.reason), of: camera)
        }
    }

    /// Returns the number of pictures above the maximum rate and resets it.
    func takeExcessCount() -> Int {
        defer { excessCount = 0 }
        return excessCount
    }

    /// Reports a problem unless it is already the current one.
    func show(_ problem: UpstreamProblem, of camera: PulledCamera) {
        guard problem != self.problem else { return }
        // What a stream without parts sends is described once, not with every byte.
        if case .noParts = problem, case .noParts? = self.problem { return }
        self.problem = problem
        camera.reporter.problem(problem)
    }
}
