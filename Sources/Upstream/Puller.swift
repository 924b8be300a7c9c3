import EventLoop
import Linux
import Logging
import Pacing
import SharedFrame

/// Keeps a camera's ring filled from its upstream for as long as somebody watches.
final class Puller {
    /// From one attempt to the next, even if a viewer arrives.
    private static let shortestPause = Duration.milliseconds(250)
    /// The longest pause, in milliseconds, while somebody watches and the problem may end by itself.
    ///
    /// With the attempt after it the pictures are back within a second. It is random, so that many relays do not
    /// connect at the same moment.
    private static let watchedPause = 400...700

    private let camera: PulledCamera
    /// With jitter, so that many relays do not come back at the same moment.
    private var backoff = Backoff(first: .milliseconds(250), longest: .seconds(10), jitter: 0.2)
    /// Whether the last attempt brought a picture: then there is no need to know more while nobody watches.
    private var hasAnswered = false

    init(_ camera: PulledCamera) {
        self.camera = camera
    }

    /// Pulls until told to stop.
    ///
    /// Once at the start in any case, to know whether the upstream answers.
    func run() {
        while !camera.stop.isStopping {
            if hasAnswered && !camera.isWanted() {
                waitForInterest()
                continue
            }
            let began = Instant.now
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
        while !camera.stop.isStopping {
            let isWatched = camera.publisher.waitForInterest(
                milliseconds: PulledCamera.longestWait.millisecondsRoundedUp)
            camera.beat()
            if isWatched { return }
        }
    }

    /// Waits before the next attempt, less if somebody watches or begins to.
    private func pause(after problem: UpstreamProblem, since began: Instant) {
        let failed = Instant.now
        var end = failed + backoff.next()
        var soon = failed + .milliseconds(Int.random(in: Self.watchedPause))
        // The attempt was a pause of seconds itself, in which the kernel has asked each second: so it goes on.
        if case .connectTimeout = problem { soon = failed }
        var wasWatched = camera.publisher.isWatched
        while !camera.stop.isStopping {
            if wasWatched && problem.mayEndByItself { end = min(end, soon) }
            let now = Instant.now
            guard now < end else { return }
            let isWatched = wait(end - now, wasWatched: wasWatched)
            camera.beat()
            if isWatched && !wasWatched { end = min(end, began + Self.shortestPause) }
            wasWatched = isWatched
        }
    }

    /// Sleeps for `duration`, less if somebody begins to watch; returns whether somebody watches.
    private func wait(_ duration: Duration, wasWatched: Bool) -> Bool {
        let wait = min(PulledCamera.longestWait, duration).millisecondsRoundedUp
        guard wasWatched else { return camera.publisher.waitForInterest(milliseconds: wait) }
        Poll.wait([camera.stop.event.descriptor.number], milliseconds: wait)
        return camera.publisher.isWatched
    }
}
