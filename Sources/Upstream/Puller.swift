import EventLoop
import Linux
import Logging
import Pacing
import SharedFrame

/// Connects to a camera's upstream and publishes its pictures while somebody is watching.
final class Puller {
    /// The minimum interval between the starts of two attempts to connect, even if a viewer arrives.
    private static let minimumPause = Duration.milliseconds(250)
    /// The maximum pause, in milliseconds, while somebody is watching and the problem may be temporary.
    ///
    /// This pause is short enough for pictures to be back within a second after the problem is solved. The relay uses a
    /// random value from this range, so that many relays do not connect at the same moment.
    private static let watchedPause = 400...700

    private let camera: PulledCamera
    /// The pauses while nobody is watching.
    ///
    /// The pauses vary at random, so that many relays do not reconnect at the same moment.
    private var backoff = Backoff(first: .milliseconds(250), maximum: .seconds(10), jitter: 0.2)
    /// Whether the last connection worked.
    ///
    /// If so, the relay does not connect again until somebody is watching.
    private var hasAnswered = false

    init(_ camera: PulledCamera) {
        self.camera = camera
    }

    /// Publishes pictures until the program stops.
    ///
    /// Connects once at startup even if nobody is watching, to find out whether the upstream responds.
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
                milliseconds: PulledCamera.maximumWait.millisecondsRoundedUp)
            camera.beat()
            if isWatched { return }
        }
    }

    /// Waits before the next attempt.
    ///
    /// The wait is shorter if somebody is watching or starts to watch.
    private func pause(after problem: UpstreamProblem, since began: Instant) {
        let failed = Instant.now
        var end = failed + backoff.next()
        var soon = failed + .milliseconds(Int.random(in: Self.watchedPause))
        // If the attempt timed out, it took several seconds, in which the kernel itself retried every second. No pause
        // is necessary then.
        if case .connectTimeout = problem { soon = failed }
        var wasWatched = camera.publisher.isWatched
        while !camera.stop.isStopping {
            if wasWatched && problem.isTransient { end = min(end, soon) }
            let now = Instant.now
            guard now < end else { return }
            let isWatched = wait(end - now, wasWatched: wasWatched)
            camera.beat()
            if isWatched && !wasWatched { end = min(end, began + Self.minimumPause) }
            wasWatched = isWatched
        }
    }

    /// Sleeps for `duration`, or until somebody starts to watch; returns whether somebody is watching.
    private func wait(_ duration: Duration, wasWatched: Bool) -> Bool {
        let wait = min(PulledCamera.maximumWait, duration).millisecondsRoundedUp
        guard wasWatched else { return camera.publisher.waitForInterest(milliseconds: wait) }
        Poll.wait([camera.stop.event.descriptor.number], milliseconds: wait)
        return camera.publisher.isWatched
    }
}
