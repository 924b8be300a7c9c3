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
        let end = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        var wasWatched = camera.publisher.isWatched
        while !camera.stop.isSet {
            let now = Clock.monotonic
            guard now < end else { return }
            let wait = min(PulledCamera.longestWaitMilliseconds, Int((end - now) / 1_000_000) + 1)
            var isWatched = true
            if wasWatched {
                Poll.wait([camera.stop.alarm.descriptor.number], milliseconds: wait)
                isWatched = camera.publisher.isWatched
            } else {
                isWatched = camera.publisher.waitForInterest(milliseconds: wait)
            }
            camera.beat()
            if isWatched && !wasWatched && Clock.monotonic > began + Self.shortestPauseNanoseconds { return }
            wasWatched = isWatched
        }
    }
}
