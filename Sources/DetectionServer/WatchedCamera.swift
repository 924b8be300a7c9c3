import EventLoop
import Cameras
import EventLoop
import Linux
import Names
import SharedFrame

/// A camera as the detection worker knows it: its ring, and who waits for a fresh frame.
///
/// It belongs to the event loop. It takes interest in the ring only while somebody waits, so that an unwatched camera costs nothing.
final class WatchedCamera {
    let name: CameraName
    let subscriber: FrameSubscriber
    private(set) var waiters: [DetectionExchange] = []
    private var watch: RingWatch?
    /// The newest frame when watching began, and the first one after it (0: none yet).
    private var frameBefore: UInt64 = 0
    private var firstFrame: UInt64 = 0
    /// When a frame was last known to be new by the one before it.
    private var trusted = Instant.distantPast

    init(_ ring: RingName) throws(SystemError) {
        name = ring.camera
        subscriber = try FrameSubscriber(ring)
    }

    /// The newest frame, if it is current: no older than three frames take, or a little more for fast cameras.
    ///
    /// How long frames take is what the camera is asked for: the measured rate includes the pause while nobody watched.
    /// That is stricter than for a snapshot: a camera that nobody watches gives a picture a second, or has stopped
    /// giving any, and what is to be found may have come since.
    func currentFrame(now: Instant) -> FrameDescription? {
        guard let status = subscriber.status, Outage.hasFreshFrame(status, now: now), let newest = status.newest else {
            return nil
        }
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured]
        let frames = rates.first { $0.isFinite && $0 > 0 }.map { Duration(inSeconds: min(3 / $0, 3600)) } ?? .zero
        let maximumAge = max(Limit.freshAge, frames)
        guard Instant(nanoseconds: newest.published).age(at: now) <= maximumAge else { return nil }
        if Instant(nanoseconds: newest.capture.monotonic).age(at: now) <= maximumAge || trusted == now { return newest }
        // A relay that connects gets first what the camera showed last; or the camera's clock is behind this one's.
        // The second frame is new in any case.
        guard watch != nil, newest.number != frameBefore else { return nil }
        if firstFrame == 0 { firstFrame = newest.number }
        guard newest.number != firstFrame else { return nil }
        trusted = now
        return newest
    }

    /// Lets a request wait; `mailbox` gets the camera's name whenever there may be something new.
    ///
    /// Throws if there are no descriptors or threads left.
    func add(_ exchange: DetectionExchange, _ mailbox: Mailbox<CameraName>) throws(SystemError) {
        if watch == nil {
            let watch = try RingWatch(subscriber.name)
            frameBefore = subscriber.status?.newest?.number ?? 0
            firstFrame = 0
            subscriber.takeInterest()
            let name = name
            do throws(SystemError) {
                try watch.start { watch in
                    var seen: UInt64 = 0
                    while !watch.isStopped {
                        let outcome = watch.wait(newerThan: seen, timeout: .milliseconds(250))
                        if case .frame(let number) = outcome { seen = number }
                        if outcome != .timedOut { mailbox.post(name) }
                    }
                }
            } catch {
                subscriber.dropInterest()
                throw error
            }
            self.watch = watch
        }
        waiters.append(exchange)
    }

    /// Ends the waiting of a request.
    func remove(_ exchange: DetectionExchange) {
        waiters.removeAll { $0 === exchange }
        if waiters.isEmpty { stop() }
    }

    /// Takes all requests that wait.
    func takeWaiters() -> [DetectionExchange] {
        defer { stop() }
        return waiters
    }

    func stop() {
        waiters = []
        guard let watch else { return }
        self.watch = nil
        subscriber.dropInterest()
        watch.stop()
    }
}
