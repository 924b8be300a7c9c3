import Linux
import Logging
import SharedFrame

/// Keeps a camera's ring filled from its upstream for as long as somebody watches.
final class Puller {
    /// From one attempt to the next, however eager viewers are.
    private static let shortestPauseNanoseconds: UInt64 = 250_000_000
    /// The longest pause while somebody waits for what may end by itself.
    ///
    /// With the attempt after it the pictures are back within a second. Not the same for all, so that many relays do
    /// not knock at the same moment.
    private static let watchedPauseMilliseconds = 400...700

    private let camera: PulledCamera
    private var backoff = Backoff()
    /// Whether the last attempt brought a picture: then there is no need to know more while nobody watches.
    private var hasAnswered = false

    init(_ camera: PulledCamera) {
        self.camera = camera
    }

    /// Pulls until told to stop.
    ///
    /// Once at the start in any case, to know whether the upstream answers.
    func run() {
        while !camera.stop.isSet {
            if hasAnswered && !camera.isWanted() {
                waitForInterest()
                continue
            }
            let began = Clock.monotonic
            let connection = Connection(camera)
            let ending = connection.run()
            if connection.hasPicture { backoff.reset() }
            switch ending {
            case .stopped: return
            case .released: hasAnswered = true
            case .failed(let problem):
                hasAnswered = false
                camera.reporter.problem(problem)
                pause(after: problem, since: began)
            }
        }
    }

    private func waitForInterest() {
        camera.reporter.idle()
        while !camera.stop.isSet {
            let isWatched = camera.publisher.waitForInterest(milliseconds: PulledCamera.longestWaitMilliseconds)
            camera.beat()
            if isWatched { return }
        }
    }

    /// Waits before the next attempt, less where somebody waits or begins to.
    private func pause(after problem: UpstreamProblem, since began: UInt64) {
        let failed = Clock.monotonic
        var end = failed + UInt64(backoff.next()) * 1_000_000
        var soon = failed + UInt64(Int.random(in: Self.watchedPauseMilliseconds)) * 1_000_000
        // The attempt was a pause of seconds itself, in which the kernel has asked each second: so it goes on.
        if case .connectTimeout = problem { soon = failed }
        var wasWatched = camera.publisher.isWatched
        while !camera.stop.isSet {
            if wasWatched && problem.mayEndByItself { end = min(end, soon) }
            let now = Clock.monotonic
            guard now < end else { return }
            let isWatched = wait(milliseconds: Int((end - now) / 1_000_000) + 1, wasWatched: wasWatched)
            camera.beat()
            if isWatched && !wasWatched { end = min(end, began + Self.shortestPauseNanoseconds) }
            wasWatched = isWatched
        }
    }

    /// Sleeps for a while, less when somebody begins to watch; returns whether somebody watches.
    private func wait(milliseconds: Int, wasWatched: Bool) -> Bool {
        let wait = min(PulledCamera.longestWaitMilliseconds, milliseconds)
        guard wasWatched else { return camera.publisher.waitForInterest(milliseconds: wait) }
        Poll.wait([camera.stop.alarm.descriptor.number], milliseconds: wait)
        return camera.publisher.isWatched
    }
}
