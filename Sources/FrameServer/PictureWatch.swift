import Cameras
import EventLoop
import Linux
import Service
import SharedFrame
import Synchronization
import TurboJPEG

/// A thread that prepares the pictures of a feed, once for all viewers.
///
/// Between frames, the thread sleeps on the futex of the ring.
final class PictureWatch: Sendable {
    /// The pictures that the event loop requests.
    private struct Request {
        var framings: Set<Framing> = []
        /// The minimum interval between pictures, which is the shortest interval that a viewer has requested.
        ///
        /// If it is zero, every picture is prepared.
        var interval: Duration = .zero
    }

    private struct State {
        var picture: Picture?
        var scaledCount: UInt64 = 0
    }

    /// The ID of the camera, which is the content of messages to the event loop.
    let id: UInt64
    private let key: FeedKey
    private let kind: RingName.Kind
    private let watch: RingWatch
    private let mailbox: Mailbox<UInt64>
    private let request = Mutex(Request())
    private let state: Mutex<State>
    private let files = MemoryFilePool()

    /// Creates a watch, which posts `id` to `mailbox` whenever ``take()`` returns a new picture.
    ///
    /// The sequence numbers of the watch's pictures follow the sequence number of `picture`. Throws if no descriptor is
    /// available.
    init(
        id: UInt64, _ ring: RingName, _ key: FeedKey, _ mailbox: Mailbox<UInt64>, after picture: Picture?
    ) throws(SystemError) {
        self.id = id
        self.key = key
        kind = ring.kind
        self.mailbox = mailbox
        watch = try RingWatch(ring)
        state = Mutex(State(picture: picture))
    }

    // MARK: Called by the event loop

    /// Starts the thread.
    func start() throws(SystemError) {
        try watch.start { [self] watch in run(watch) }
    }

    /// Sets the framings that pictures must have, and the minimum interval between pictures.
    ///
    /// If the current picture lacks one of the framings, the thread immediately creates the picture again.
    func want(_ framings: Set<Framing>, interval: Duration) {
        let isMore = request.withLock { request in
            defer { request = Request(framings: framings, interval: interval) }
            return !framings.isSubset(of: request.framings)
        }
        if isMore { watch.nudge() }
    }

    /// Returns the current picture, and the number of frames that have been scaled since the last call.
    func take() -> (picture: Picture?, scaledCount: UInt64) {
        state.withLock { state in
            defer { state.scaledCount = 0 }
            return (state.picture, state.scaledCount)
        }
    }

    /// Asks the thread to stop, but does not wait for it.
    func stop() { watch.stop() }

    // MARK: Called by the thread

    private var framings: Set<Framing> { request.withLock { $0.framings } }

    private func run(_ watch: RingWatch) {
        var maker = PictureMaker(key)
        var seen: UInt64 = 0
        var isLive = false
        var outage = OutageDisplay()
        var timeout = Duration.zero
        var due = Instant.distantPast
        while !watch.isStopped {
            let outcome = watch.wait(newerThan: seen, timeout: timeout)
            timeout = .milliseconds(250)
            let now = Instant.now
            if case .frame(let number) = outcome {
                let before = seen
                // The first frame that this thread sees may be old. Every later frame has just been published.
                let isFresh =
                    seen != 0 || watch.subscriber.status.map { Outage.hasFreshFrame($0, now: now) } ?? false
                seen = number
                if isFresh {
                    isLive = true
                    outage.end()
                    // Skip frames that no viewer would receive, because scaling and encoding them would take time.
                    let interval = key.width == .original ? .zero : request.withLock { $0.interval }
                    guard interval == .zero || now + interval / 8 >= due else { continue }
                    let sequence = nextSequence
                    let shown = show(number, &maker)
                    // A frame that is not exact may have been skipped.
                    if nextSequence != sequence { due = now + interval }
                    // `shown` is the number in the frame's slot, and `number` is the number in the ring's header. If
                    // the slot still has the number of the previous frame, wait for a frame newer than `number`.
                    // Without this rule, the thread would never sleep if the two numbers always differed.
                    seen = shown == before ? number : shown
                    continue
                }
            }
            let status = watch.subscriber.status
            let current = self.outage(status, now: now)
            if outage.update(current, now: now, hasPicture: state.withLock { $0.picture?.isShown ?? false }) {
                if let current { showOutage(current, status) }
            } else if outage.shown != nil {
                completeOutage(current, status)
            } else if isLive {
                seen = complete(number: seen, &maker)
            }
        }
    }

    /// Returns the current outage; nil if there is none.
    ///
    /// An idle camera without a fresh frame counts as an outage here, because somebody requests its pictures.
    private func outage(_ status: RingStatus?, now: Instant) -> Outage? {
        let refusal = watch.subscriber.refusal
        if let outage = Outage.current(status, refusal: refusal, kind: kind, now: now) { return outage }
        guard let status, status.state == .idle, !Outage.hasFreshFrame(status, now: now) else { return nil }
        return .silent
    }

    /// Posts a picture of the newest frame, and returns the number of that frame.
    ///
    /// `number` is the number of the frame that was the newest one when the caller looked. A newer frame may have been
    /// published since then.
    private func show(_ number: UInt64, _ maker: inout PictureMaker) -> UInt64 {
        let framings = framings
        let sequence = nextSequence
        var picture: Picture?
        if !framings.isEmpty {
            picture = maker.picture(of: watch.subscriber, sequence: sequence, framings: framings, files: files)
        }
        // Skip a frame that is not exact, so that viewers continue to see the last exact frame.
        if picture == nil, key.isExactOnly, !framings.isEmpty { return number }
        post(picture ?? Picture(sequence: sequence, number: number), scaledCount: maker.takeScaledCount())
        return picture?.number ?? number
    }

    /// Posts the newest frame again if the current picture lacks a requested framing.
    ///
    /// Returns the number of the frame that was posted, or `number` if none was posted.
    private func complete(number: UInt64, _ maker: inout PictureMaker) -> UInt64 {
        let shown = state.withLock { $0.picture }
        guard let shown, shown.isLive, !shown.has(framings) else { return number }
        return show(number, &maker)
    }

    private func showOutage(_ outage: Outage, _ status: RingStatus?) {
        let framings = framings
        guard !framings.isEmpty, !watch.isStopped else { return }
        let number = status?.newest?.number ?? state.withLock { $0.picture?.number } ?? 0
        let camera = watch.subscriber.name.camera
        guard let jpeg = OutagePicture.draw(outage, camera: camera, status, key.width) else { return }
        let sequence = nextSequence
        let picture = jpeg.withRawSpan { bytes in
            Picture(
                bytes, sequence: sequence, number: number, realtime: Clock.realtime, outage: outage.message,
                framings: framings, files: files)
        }
        post(picture)
    }

    private func completeOutage(_ outage: Outage?, _ status: RingStatus?) {
        let isComplete = state.withLock { $0.picture?.has(framings) } ?? framings.isEmpty
        if let outage, !isComplete { showOutage(outage, status) }
    }

    private var nextSequence: UInt64 {
        state.withLock { ($0.picture?.sequence ?? 0) + 1 }
    }

    private func post(_ picture: Picture, scaledCount: UInt64 = 0) {
        state.withLock {
            $0.picture = picture
            $0.scaledCount += scaledCount
        }
        mailbox.post(id)
    }
}
