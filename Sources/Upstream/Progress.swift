import Linux
import SharedFrame

/// What arrived over one connection, and what that says about the upstream.
final class Progress {
    /// Whether a picture of the camera arrived, new or not.
    private(set) var hasPicture = false
    /// When the last new picture arrived, and when the last one was sent again; `distantPast` for never.
    private(set) var lastWhole = Instant.distantPast
    private(set) var lastRepeat = Instant.distantPast
    /// Pictures refused since the last good one, and why the last was.
    private(set) var refusalCount = 0
    private(set) var refusal: UpstreamProblem?
    /// What is wrong while the connection lasts.
    private(set) var problem: UpstreamProblem?
    /// More pictures arrived than are taken since this was last made false.
    var isFlooded = false
    /// A picture was sent again since this was last made false: the camera may be offline.
    var isRepeating = false

    private var hasNotedTruncation = false

    /// Takes note of a picture.
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
        case .tooMany: isFlooded = true
        case .refused(let reason):
            refusalCount += 1
            refusal = reason
            guard camera.intake.isTruncationAllowed, !hasNotedTruncation else { return }
            hasNotedTruncation = true
            camera.reporter.note("most of the upstream's pictures lack their end: they are shown as they are")
        }
    }

    /// Takes note of what the upstream says of its camera.
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

    /// Reports a problem, once.
    func show(_ problem: UpstreamProblem, of camera: PulledCamera) {
        guard problem != self.problem else { return }
        self.problem = problem
        camera.reporter.problem(problem)
    }
}
