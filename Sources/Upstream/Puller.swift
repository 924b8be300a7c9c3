import Linux
import Logging
import SharedFrame

/// Keeps a camera's ring filled from its upstream for as long as somebody watches.
final class Puller {
    /// From one attempt to the next, however eager viewers are.
    private static let shortestPauseNanoseconds: UInt64 = 250_000_000

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
                pause(milliseconds: backoff.next(), since: began)
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

    /// Waits before the next attempt; somebody who begins to watch ends the wait.
    private func pause(milliseconds: Int, since began: UInt64) {
        var end = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        var wasWatched = camera.publisher.isWatched
        while !camera.stop.isSet {
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
