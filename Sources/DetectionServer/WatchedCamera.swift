import Cameras
import EventLoop
import Linux
import Names
import SharedFrame

/// A camera with its ring, and the requests that wait for a fresh frame from the camera.
///
/// Use this object only from the thread of the event loop. It registers interest in the ring only while requests wait.
/// An unwatched camera therefore costs nothing.
final class WatchedCamera {
    let name: CameraName
    let subscriber: FrameSubscriber
    private(set) var waiters: [DetectionExchange] = []
    private var watch: RingWatch?
    /// The number of the newest frame when this object began to watch the ring; 0 if there was none.
    private var frameBefore: UInt64 = 0
    /// The number of the first frame after ``frameBefore``; 0 until there is one.
    private var firstFrame: UInt64 = 0
    /// When ``currentFrame(now:)`` last concluded from a frame's number that the frame was new.
    private var trusted = Instant.distantPast

    init(_ ring: RingName) throws(SystemError) {
        name = ring.camera
        subscriber = try FrameSubscriber(ring)
    }

    /// Returns the newest frame if it is at most 250 ms or three frame intervals old, whichever is longer.
    ///
    /// The interval follows from the requested frame rate, because the measured rate includes idle times. The limit is
    /// stricter than for snapshots, because an unwatched camera delivers at most one picture per second, and the object
    /// to detect may have appeared after that picture was captured.
    func currentFrame(now: Instant) -> FrameDescription? {
        guard let status = subscriber.status, Outage.hasFreshFrame(status, now: now), let newest = status.newest else {
            return nil
        }
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured]
        let frames = rates.first { $0.isFinite && $0 > 0 }.map { Duration(inSeconds: min(3 / $0, 3600)) } ?? .zero
        let maximumAge = max(Limit.freshAge, frames)
        guard Instant(nanoseconds: newest.published).age(at: now) <= maximumAge else { return nil }
        if Instant(nanoseconds: newest.capture.monotonic).age(at: now) <= maximumAge || trusted == now { return newest }
        // After a relay has connected, its first frame may be an old one. The second frame is certainly new, even if
        // its capture time seems old because the clock of the camera's host is behind.
        guard watch != nil, newest.number != frameBefore else { return nil }
        if firstFrame == 0 { firstFrame = newest.number }
        guard newest.number != firstFrame else { return nil }
        trusted = now
        return newest
    }

    /// Adds a request that waits for a fresh frame.
    ///
    /// From then on, the camera's name is posted to `mailbox` whenever there may be a new frame. Throws if no
    /// descriptor or thread is available.
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

    /// Removes a waiting request.
    func remove(_ exchange: DetectionExchange) {
        waiters.removeAll { $0 === exchange }
        if waiters.isEmpty { stop() }
    }

    /// Removes and returns all waiting requests.
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
