import Linux
import SharedFrame

/// Records what has arrived over one connection, and which problem this indicates.
final class Progress {
    /// Whether any picture of the camera has arrived, even if it only repeats the last one.
    private(set) var hasPicture = false
    /// When the last new picture arrived; `distantPast` if there was none.
    private(set) var lastWhole = Instant.distantPast
    /// When the last repeated picture arrived; `distantPast` if there was none.
    private(set) var lastRepeat = Instant.distantPast
    /// The number of pictures that were rejected since the last good one.
    private(set) var refusalCount = 0
    /// Why the most recent rejected picture was rejected.
    private(set) var refusal: UpstreamProblem?
    /// The current problem, or nil if there is none.
    private(set) var problem: UpstreamProblem?
    /// Whether the maximum rate has been exceeded since this property was last set to false.
    var isFlooded = false
    /// Whether a picture has been repeated since this property was last set to false.
    ///
    /// A repeated picture suggests that the camera is offline.
    var isRepeating = false

    /// The number of pictures that have exceeded the maximum rate since the last pause.
    private var excessCount = 0

    private var hasNotedTruncation = false

    /// Records whether a picture was published, or why it was not published.
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
            camera.reporter.note("most of the upstream's JPEGs have no end marker; they are shown anyway")
        }
    }

    /// Records what the upstream's status says about its camera.
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

    /// Returns the number of pictures that have exceeded the maximum rate, and resets this number.
    func takeExcessCount() -> Int {
        defer { excessCount = 0 }
        return excessCount
    }

    /// Reports a problem unless it is already the current one.
    func show(_ problem: UpstreamProblem, of camera: PulledCamera) {
        guard problem != self.problem else { return }
        // The description of a stream without parts changes with every byte, so only the first one is reported.
        if case .noParts = problem, case .noParts? = self.problem { return }
        self.problem = problem
        camera.reporter.problem(problem)
    }
}
