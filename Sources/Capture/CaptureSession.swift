import Daemon
import Linux
import Logging
import SharedFrame
import TurboJPEG

/// A source and how it fares: opened, delivering, silent, lost, and opened again.
///
/// It knows nothing of descriptors and waits for nothing: whoever owns it calls ``advance(at:_:)`` when something has
/// happened, and at ``deadline`` at the latest.
final class CaptureSession {
    /// What has happened since the last call.
    struct Events {
        /// The source's descriptor is readable.
        var isReady = false
        /// The source's descriptor is in error or hung up.
        var isBroken = false
        /// Entries of the watched folder that have changed.
        var changedNames: Set<String> = []
        /// Somebody asked for the source to be opened anew.
        var isReopenAsked = false
    }

    private enum Phase {
        /// To be opened at `retry`.
        case closed(retry: UInt64)
        case open(since: UInt64, framesPerSecond: Double?)
    }

    /// How often readers are told that this program lives: well within the 250 ms that they expect.
    static let heartbeatInterval: UInt64 = 200_000_000
    private static let ratesInterval: UInt64 = 500_000_000
    private static let lackInterval: UInt64 = 1_000_000_000

    let source: any FrameSource
    private let publisher: FramePublisher
    private let pipeline: FramePipeline
    private let options: CaptureOptions
    private let report: StateReport
    private let panel: ControlPanel
    private let clock: () -> UInt64
    private var phase = Phase.closed(retry: 0)
    private var backoff = Backoff()
    private var nextHeartbeat: UInt64 = 0
    private var nextRates: UInt64 = 0
    private var nextLackCheck: UInt64 = 0
    private var lack: SourceTrouble?
    /// What the source is like, in a line.
    private var summary = ""

    init(
        _ source: any FrameSource, _ publisher: FramePublisher, _ options: CaptureOptions, _ report: StateReport,
        _ logger: Logger, panel: ControlPanel = ControlPanel(), clock: @escaping () -> UInt64 = { Clock.monotonic }
    ) throws(TurboJPEGError) {
        self.source = source
        self.publisher = publisher
        self.options = options
        self.report = report
        self.panel = panel
        self.clock = clock
        pipeline = try FramePipeline(publisher, options, logger)
    }

    /// When to call ``advance(at:_:)`` next at the latest (CLOCK_MONOTONIC, nanoseconds).
    var deadline: UInt64 {
        switch phase {
        case .closed(let retry): min(nextHeartbeat, retry)
        case .open: min(nextHeartbeat, source.nextFrameTime ?? .max)
        }
    }

    var isOpen: Bool {
        if case .open = phase { return true }
        return false
    }

    /// The source's descriptor; nil while it is closed, and for a source that goes by the clock.
    var descriptor: CInt? { isOpen ? source.descriptor : nil }

    /// Does what is due at `now`; throws only when the ring is lost.
    func advance(at now: UInt64, _ events: Events = Events()) throws(RingError) {
        do throws(SourceTrouble) {
            heed(events, at: now)
            if case .closed(let retry) = phase, now >= retry { try open(at: now) }
            if case .open(let since, let rate) = phase {
                checkLack(at: now)
                try deliver(at: now, events)
                try checkSilence(at: now, since, rate)
            }
        } catch {
            lose(error, at: now)
        }
        try tell(at: now)
    }

    /// Lets a change be a reason to try again at once.
    private func heed(_ events: Events, at now: UInt64) {
        if events.isReopenAsked {
            close("the camera is being opened anew")
            source.forget()
            phase = .closed(retry: now)
            backoff.reset()
        }
        if !events.changedNames.isEmpty, source.entriesChanged(events.changedNames), case .closed = phase {
            phase = .closed(retry: now)
            backoff.reset()
        }
    }

    private func open(at now: UInt64) throws(SourceTrouble) {
        let opened = try source.open()
        publisher.setSource(source.description)
        panel.open(ControlPanel.Source(source.description, opened, source.controls))
        pipeline.begin()
        nextLackCheck = 0
        for note in opened.notes { report.note(note) }
        summary = opened.summary(of: source.description)
        // To open a camera can take seconds.
        phase = .open(since: clock(), framesPerSecond: opened.framesPerSecond)
    }

    private func deliver(at now: UInt64, _ events: Events) throws(SourceTrouble) {
        let isDue = source.nextFrameTime.map { $0 <= now } ?? false
        guard events.isReady || events.isBroken || isDue else { return }
        try source.deliver(at: now, to: pipeline)
        if events.isBroken && !events.isReady {
            throw SourceTrouble(.waiting, "\(device) has hung up: check the camera and its cable")
        }
        guard pipeline.hasPublished, lack == nil else { return }
        backoff.reset()
        report.live(summary, rate: pipeline.rate(at: now), at: now)
    }

    /// Asks the source once a second whether there is a picture in what it sends.
    private func checkLack(at now: UInt64) {
        guard now >= nextLackCheck else { return }
        nextLackCheck = now + Self.lackInterval
        lack = source.lack
        if let lack { report.trouble(lack, at: now) }
    }

    /// Gives a source up that has sent nothing usable for too long.
    private func checkSilence(at now: UInt64, _ since: UInt64, _ framesPerSecond: Double?) throws(SourceTrouble) {
        // Slow cameras get four frame intervals, and each its double for the first picture.
        var seconds = max(options.timeout, 4 / max(0.001, framesPerSecond ?? options.framesPerSecond))
        if pipeline.lastSign == nil { seconds *= 2 }
        guard now > max(pipeline.lastSign ?? 0, since) + UInt64(seconds * 1e9) else { return }
        if let lack { throw lack }
        if let refusal = pipeline.lastRefusal {
            throw SourceTrouble(
                .stalled,
                "\(device) sends pictures that cannot be shown (\(refusal)): try another cable or USB port, another "
                    + "--size or --format")
        }
        throw SourceTrouble(
            .stalled, "\(device) sends no pictures: unplug it and plug it in again, or try another USB port")
    }

    private func close(_ reason: String) {
        panel.close(reason)
        source.close()
    }

    private func lose(_ trouble: SourceTrouble, at now: UInt64) {
        close(trouble.sentence)
        report.trouble(trouble, at: now)
        phase = .closed(retry: now + backoff.next())
    }

    /// Tells readers and systemd that this program lives.
    private func tell(at now: UInt64) throws(RingError) {
        if now >= nextRates {
            nextRates = now + Self.ratesInterval
            publisher.setRates(asked: options.framesPerSecond, measured: pipeline.rate(at: now))
        }
        if now >= nextHeartbeat {
            nextHeartbeat = now + Self.heartbeatInterval
            try publisher.heartbeat()
        }
        // Frames flow, or the wait is known: a silence that lasts too long has just been made a wait.
        report.watchdog(at: now)
    }

    private var device: String { source.description.device }
}
