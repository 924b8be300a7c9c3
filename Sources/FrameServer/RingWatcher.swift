import EventLoop
import Linux
import SharedFrame
import Synchronization

/// Waits for a camera's pictures while somebody wants them, and prepares each once for all viewers.
///
/// It has a thread of its own, asleep in the ring's futex, that ends when the pictures are no longer wanted.
final class RingWatcher: Sendable {
    private struct State {
        var picture: Picture?
        var newestNumber: UInt64 = 0
    }

    private let subscriber: FrameSubscriber
    private let kind: RingName.Kind
    private let loop: LoopSignal
    private let wanted = Atomic<UInt32>(0)
    private let isStopping = Atomic(false)
    private let state: Mutex<State>
    private let files = FileReserve()

    /// `loop` is signalled whenever there is something new to ``take()``; sequences go on from `picture`.
    init(_ subscriber: FrameSubscriber, loop: LoopSignal, after picture: Picture?) {
        self.subscriber = subscriber
        kind = subscriber.name.kind
        self.loop = loop
        state = Mutex(State(picture: picture))
    }

    // MARK: For the event loop

    /// Says which framings are wanted from the next picture on; the newest one is made in them at once.
    func want(_ framings: FramingSet) {
        let before = FramingSet(rawValue: wanted.exchange(framings.rawValue, ordering: .acquiringAndReleasing))
        if !framings.isSubset(of: before) { subscriber.interrupt() }
    }

    /// The picture of now, and the number of the newest frame.
    func take() -> (picture: Picture?, newestNumber: UInt64) {
        state.withLock { ($0.picture, $0.newestNumber) }
    }

    /// Makes ``run()`` return.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        subscriber.interrupt()
    }

    // MARK: The thread

    /// Watches until it is stopped.
    func run() {
        var seen: UInt64 = 0
        var isLive = false
        var outage = OutageShow()
        var milliseconds = 0
        while !isStopping.load(ordering: .acquiring) {
            let outcome = subscriber.wait(newerThan: seen, milliseconds: milliseconds)
            milliseconds = 250
            let now = Clock.monotonic
            if case .frame(let number) = outcome {
                let before = seen
                // The first one may be from long ago.
                let isFresh =
                    seen != 0 || subscriber.status.map { Outage.hasFreshFrame($0, now: now) } ?? false
                seen = number
                if isFresh {
                    isLive = true
                    outage.end()
                    let shown = show(number)
                    // A header that tells one number and a slot that has another, for ever, must not keep this awake.
                    seen = shown == before ? number : shown
                    continue
                }
            }
            let status = subscriber.status
            let current = self.outage(status, now: now)
            if outage.shallShow(current, now: now, hasPicture: state.withLock { $0.picture?.isShown ?? false }) {
                if let current { showOutage(current, status) }
            } else if outage.shown != nil {
                completeOutage(current, status)
            } else if isLive {
                seen = complete(number: seen)
            }
        }
    }

    /// What is wrong; while pictures are wanted, an idle camera that stays idle is an outage too.
    private func outage(_ status: RingStatus?, now: UInt64) -> Outage? {
        if let outage = Outage.current(status, refusal: subscriber.refusal, kind: kind, now: now) { return outage }
        guard let status, status.state == .idle, !Outage.hasFreshFrame(status, now: now) else { return nil }
        return .silent
    }

    /// Shows the newest frame, whose number was `number` a moment ago; the number that it has by now.
    private func show(_ number: UInt64) -> UInt64 {
        let framings = FramingSet(rawValue: wanted.load(ordering: .acquiring))
        let sequence = nextSequence
        var picture: Picture?
        if !framings.isEmpty {
            picture = subscriber.withNewestFrame { description, bytes in
                Picture(
                    bytes, sequence: sequence, number: description.number, realtime: description.capture.realtime,
                    framings: framings, files: files)
            }
        }
        let shown = picture?.number ?? number
        post(picture ?? Picture(sequence: sequence, number: number), newestNumber: shown)
        return shown
    }

    /// Makes the frame on show in framings that have been asked for since; the number of the frame then on show.
    private func complete(number: UInt64) -> UInt64 {
        let framings = FramingSet(rawValue: wanted.load(ordering: .acquiring))
        let shown = state.withLock { $0.picture }
        guard let shown, shown.isLive, !framings.isSubset(of: shown.framings) else { return number }
        return show(number)
    }

    private func showOutage(_ outage: Outage, _ status: RingStatus?) {
        let framings = FramingSet(rawValue: wanted.load(ordering: .acquiring))
        let number = status?.newest?.number ?? state.withLock { $0.picture?.number } ?? 0
        let jpeg = OutagePicture.draw(outage, camera: subscriber.name.camera, status)
        guard !framings.isEmpty, let jpeg else { return }
        let sequence = nextSequence
        let picture = jpeg.withRawSpan { bytes in
            Picture(
                bytes, sequence: sequence, number: number, realtime: Clock.realtime, outage: outage.message,
                framings: framings, files: files)
        }
        post(picture, newestNumber: nil)
    }

    private func completeOutage(_ outage: Outage?, _ status: RingStatus?) {
        let framings = FramingSet(rawValue: wanted.load(ordering: .acquiring))
        let shown = state.withLock { $0.picture?.framings } ?? []
        if let outage, !framings.isSubset(of: shown) { showOutage(outage, status) }
    }

    private var nextSequence: UInt64 {
        state.withLock { ($0.picture?.sequence ?? 0) + 1 }
    }

    private func post(_ picture: Picture, newestNumber: UInt64?) {
        state.withLock {
            $0.picture = picture
            if let newestNumber { $0.newestNumber = newestNumber }
        }
        loop.event.signal()
    }
}
