import EventLoop
import FrameServer
import Linux
import Names
import SharedFrame
import Synchronization

/// A camera as the detection worker knows it: its ring, and who waits for a fresh frame.
///
/// The loop's alone. It takes interest in the ring only while somebody waits, so that an unwatched camera costs nothing.
final class WatchedCamera {
    let name: CameraName
    let subscriber: FrameSubscriber
    private(set) var waiters: [Client] = []
    private var watch: Watch?
    /// The newest frame when watching began, and the first one after it (0: none yet).
    private var frameBefore: UInt64 = 0
    private var firstFrame: UInt64 = 0
    /// When a frame was last known to be new by the one before it (monotonic ns).
    private var trusted: UInt64 = 0

    init(_ ring: RingName) throws(SystemError) {
        name = ring.camera
        subscriber = try FrameSubscriber(ring)
    }

    /// The newest frame, if it is of now: no older than three frames take, or a little more for fast cameras.
    ///
    /// How long frames take is what the camera is asked for: measured is also the pause while nobody watched.
    /// That is less than what a snapshot may be: a camera that nobody watches gives a picture a second, or has stopped
    /// giving any, and what is to be found may have come since.
    func currentFrame(now: UInt64) -> FrameDescription? {
        guard let status = subscriber.status, Outage.hasFreshFrame(status, now: now), let newest = status.newest else {
            return nil
        }
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured]
        let frames = rates.first { $0.isFinite && $0 > 0 }.map { UInt64(min(3 / $0, 3600) * 1e9) } ?? 0
        let oldest = now - min(now, max(Limit.freshAge, frames))
        guard newest.published >= oldest else { return nil }
        if newest.capture.monotonic >= oldest || trusted == now { return newest }
        // A relay that connects gets first what the camera showed last; or the camera's clock goes behind this one's.
        // The second frame is new in any case.
        guard watch != nil, newest.number != frameBefore else { return nil }
        if firstFrame == 0 { firstFrame = newest.number }
        guard newest.number != firstFrame else { return nil }
        trusted = now
        return newest
    }

    /// Lets a request wait; `wakeUp` is signalled whenever there may be something new.
    func add(_ client: Client, wakeUp: LoopSignal) throws(SystemError) {
        if watch == nil {
            let watch = Watch(subscriber, wakeUp)
            frameBefore = subscriber.status?.newest?.number ?? 0
            firstFrame = 0
            subscriber.takeInterest()
            do throws(SystemError) {
                try Thread("ring \(name)") { watch.run() }.detach()
            } catch {
                subscriber.dropInterest()
                throw error
            }
            self.watch = watch
        }
        waiters.append(client)
    }

    /// Ends the waiting of a request.
    func remove(_ client: Client) {
        waiters.removeAll { $0 === client }
        if waiters.isEmpty { stop() }
    }

    /// Takes all requests that wait.
    func takeWaiters() -> [Client] {
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

    /// Sleeps in the ring for as long as somebody waits.
    private final class Watch: Sendable {
        private let subscriber: FrameSubscriber
        private let wakeUp: LoopSignal
        private let isStopped = Atomic(false)

        init(_ subscriber: FrameSubscriber, _ wakeUp: LoopSignal) {
            self.subscriber = subscriber
            self.wakeUp = wakeUp
        }

        func run() {
            var seen: UInt64 = 0
            while !isStopped.load(ordering: .acquiring) {
                let outcome = subscriber.wait(newerThan: seen, milliseconds: 250)
                if case .frame(let number) = outcome { seen = number }
                if outcome != .timedOut { wakeUp.event.signal() }
            }
        }

        func stop() {
            isStopped.store(true, ordering: .releasing)
            subscriber.interrupt()
        }
    }
}
