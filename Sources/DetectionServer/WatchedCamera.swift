import Cameras
import EventLoop
import Linux
import Names
import SharedFrame

/// The detection worker's view of a camera: its ring and the requests that wait for a fresh frame.
///
/// Used only on the event loop. It registers interest in the ring only while requests wait, so that an unwatched
/// camera costs nothing.
final class WatchedCamera {
    let name: CameraName
    let subscriber: FrameSubscriber
    private(set) var waiters: [DetectionExchange] = []
    private var watch: RingWatch?
    /// The newest frame when watching started, and the first one after that (0 if there is none yet).
    private var frameBefore: UInt64 = 0
    private var firstFrame: UInt64 = 0
    /// When a frame was last proven to be new by a previous one.
    private var trusted = Instant.distantPast

    init(_ ring: RingName) throws(SystemError) {
        name = ring.camera
        subscriber = try FrameSubscriber(ring)
    }

    /// Returns the newest frame if it is at most three frame intervals old, or slightly more for fast cameras.
    ///
    /// The interval is taken from the requested frame rate, since the measured one includes idle times. This is
    /// stricter than for snapshots: an unwatched camera delivers one picture per second or less, and the object of
    /// interest may have appeared since.
    func currentFrame(now: Instant) -> FrameDescription? {
        guard let status = subscriber.status, Outage.hasFreshFrame(status, now: now), let newest = status.newest else {
            return nil
        }
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured]
        let frames = rates.first { $0.isFinite && $0 > 0 }.map { Duration(inSeconds: min(3 / $0, 3600)) } ?? .zero
        let maximumAge = max(Limit.freshAge, frames)
        guard Instant(nanoseconds: newest.published).age(at: now) <= maximumAge else { return nil }
        if Instant(nanoseconds: newest.capture.monotonic).age(at: now) <= maximumAge || trusted == now { return newest }
        // The first frame after a relay has connected may be an old one, or the camera's clock may be behind ours; the
        // second frame is certainly new.
        guard watch != nil, newest.number != frameBefore else { return nil }
        if firstFrame == 0 { firstFrame = newest.number }
        guard newest.number != firstFrame else { return nil }
        trusted = now
        return newest
    }

    /// Adds a waiting request; posts the camera's name to `mailbox` whenever there may be a new frame.
    ///
    /// Throws if no descriptor or thread is available.
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
