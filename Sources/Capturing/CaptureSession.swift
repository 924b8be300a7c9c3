import Daemon
public import Linux
public import Logging
import Pacing
public import SharedFrame
public import TurboJPEG

/// Opens a source, publishes its pictures, detects when it stalls or is lost, and reopens it.
///
/// The session does not wait for events itself. Its owner waits, and calls ``advance(at:_:)`` after each event, and at
/// ``deadline`` at the latest.
public final class CaptureSession {
    /// The events that have occurred since the last call of ``advance(at:_:)``.
    public struct Events {
        /// The source's descriptor is readable.
        public var isReady = false
        /// The source's descriptor reports an error or a hang-up.
        public var isBroken = false
        /// Entries of the watched folder that have changed.
        public var changedNames: Set<String> = []
        /// Reopening the source was requested.
        public var isReopenRequested = false

        public init() {}
    }

    private enum Phase {
        /// The source is closed. The next attempt to open it is due at `retry`.
        case closed(retry: Instant)
        /// The source was opened at `since`. `framesPerSecond` is the rate that the source reported, or nil if it
        /// reported none.
        case open(since: Instant, framesPerSecond: Double?)
    }

    /// How often the ring's heartbeat is written.
    ///
    /// Readers expect it at least every 250 ms.
    static let heartbeatInterval = Duration.milliseconds(200)
    private static let ratesInterval = Duration.milliseconds(500)
    private static let signalCheckInterval = Duration.seconds(1)
    /// How long the session waits for a usable picture, after opening a source, before it reports that there is none.
    private static let firstPictureInterval = Duration.seconds(2)

    public let source: any FrameSource
    private let publisher: FramePublisher
    private let pipeline: FramePipeline
    private let options: PictureOptions
    private let report: StateReport
    private let observer: (any SourceObserver)?
    private let clock: () -> Instant
    private var phase = Phase.closed(retry: .distantPast)
    private var backoff = Backoff(first: .milliseconds(100), maximum: .seconds(2))
    private var nextHeartbeat = Instant.distantPast
    private var nextRates = Instant.distantPast
    private var nextSignalCheck = Instant.distantPast
    private var signalLoss: SourceError?
    /// A description of the open source in one line, for the log.
    private var summary = ""

    /// Creates a session that publishes the pictures of `source` with `publisher`.
    ///
    /// The session reports the camera's state to `report`, and tells `observer` when the source was opened or closed.
    /// `clock` returns the current time. Throws if the JPEG encoder cannot be created.
    public init(
        _ source: any FrameSource, _ publisher: FramePublisher, _ options: PictureOptions, _ report: StateReport,
        _ logger: Logger, observer: (any SourceObserver)? = nil, clock: @escaping () -> Instant = { .now }
    ) throws(TurboJPEGError) {
        self.source = source
        self.publisher = publisher
        self.options = options
        self.report = report
        self.observer = observer
        self.clock = clock
        pipeline = try FramePipeline(publisher, options, logger)
    }

    /// The time at which to call ``advance(at:_:)`` if no event occurs earlier.
    public var deadline: Instant {
        switch phase {
        case .closed(let retry): min(nextHeartbeat, retry)
        case .open: min(nextHeartbeat, source.nextFrameTime ?? .distantFuture)
        }
    }

    public var isOpen: Bool {
        if case .open = phase { return true }
        return false
    }

    /// The source's descriptor; nil while the source is closed, or if the clock determines when its pictures are due.
    public var descriptor: CInt? { isOpen ? source.descriptor : nil }

    /// Handles `events` and everything that is due at `now`.
    public func advance(at now: Instant, _ events: Events = Events()) {
        do throws(SourceError) {
            handle(events, at: now)
            if case .closed(let retry) = phase, now >= retry { try open(at: now) }
            if case .open(let since, let rate) = phase {
                checkSignal(at: now)
                try deliver(at: now, events)
                try checkSilence(at: now, since, rate)
            }
        } catch {
            lose(error, at: now)
        }
        reportHealth(at: now)
    }

    /// Closes the source if reopening was requested.
    ///
    /// If the source is closed, and could perhaps be opened now because entries have changed, the next attempt to open
    /// it is due at once.
    private func handle(_ events: Events, at now: Instant) {
        if events.isReopenRequested {
            close("the camera is being reopened")
            source.forget()
            phase = .closed(retry: now)
            backoff.reset()
        }
        if !events.changedNames.isEmpty, source.entriesChanged(events.changedNames), case .closed = phase {
            phase = .closed(retry: now)
            backoff.reset()
        }
    }

    private func open(at now: Instant) throws(SourceError) {
        let opened = try source.open()
        publisher.setSource(source.description)
        observer?.sourceDidOpen(source, opened)
        pipeline.begin()
        nextSignalCheck = .distantPast
        for note in opened.notes { report.note(note) }
        summary = opened.summary(of: source.description)
        // Read the clock again, because opening a camera can take seconds.
        phase = .open(since: clock(), framesPerSecond: opened.framesPerSecond)
    }

    private func deliver(at now: Instant, _ events: Events) throws(SourceError) {
        let isDue = source.nextFrameTime.map { $0 <= now } ?? false
        guard events.isReady || events.isBroken || isDue else { return }
        try source.deliver(at: now, to: pipeline)
        if events.isBroken && !events.isReady {
            throw SourceError(.waiting, "\(device) was disconnected: check the camera and its cable")
        }
        guard pipeline.hasPublished, signalLoss == nil else { return }
        backoff.reset()
        report.live(summary, rate: pipeline.rate(at: now), at: now)
    }

    /// Checks once a second whether the source has a signal.
    private func checkSignal(at now: Instant) {
        guard now >= nextSignalCheck else { return }
        nextSignalCheck = now + Self.signalCheckInterval
        signalLoss = source.signalLoss
        if let signalLoss { report.failed(signalLoss, at: now) }
    }

    /// Throws if the source has delivered nothing usable for too long.
    private func checkSilence(at now: Instant, _ since: Instant, _ framesPerSecond: Double?) throws(SourceError) {
        // Allow a slow camera four frame intervals, and allow every camera twice as long for its first picture.
        let interval = Duration(inSeconds: 1 / max(0.001, framesPerSecond ?? options.framesPerSecond))
        var allowed = max(options.timeout, interval * 4)
        if pipeline.lastSign == nil { allowed *= 2 }
        let silentSince = max(pipeline.lastSign ?? .distantPast, since)
        if now > silentSince + allowed { throw signalLoss ?? silence }
        // If the first picture is late, report why, but keep the source open. Some cameras take long to start.
        let isRefused = pipeline.lastRefusal != nil
        let wait = isRefused ? Self.firstPictureInterval : max(Self.firstPictureInterval, interval * 2)
        guard pipeline.lastSign == nil, signalLoss == nil, now > since + wait else { return }
        if isRefused || report.state != .stalled { report.failed(silence, at: now) }
    }

    /// The error that says why no usable picture arrives.
    private var silence: SourceError {
        guard let refusal = pipeline.lastRefusal else {
            return SourceError(
                .stalled, "\(device) sends no pictures: unplug it and plug it in again, or try another USB port")
        }
        return SourceError(
            .stalled, "\(device) sends pictures that cannot be shown (\(refusal)): \(pipeline.remedy)")
    }

    private func close(_ reason: String) {
        observer?.sourceDidClose(reason)
        source.close()
    }

    private func lose(_ error: SourceError, at now: Instant) {
        close(error.sentence)
        report.failed(error, at: now)
        phase = .closed(retry: now + backoff.next())
    }

    /// Reports to readers of the ring and to systemd that this program is alive.
    private func reportHealth(at now: Instant) {
        if now >= nextRates {
            nextRates = now + Self.ratesInterval
            publisher.setRates(asked: options.framesPerSecond, measured: pipeline.rate(at: now))
        }
        if now >= nextHeartbeat {
            nextHeartbeat = now + Self.heartbeatInterval
            // The heartbeat recreates the ring if its name was removed. That fails if another object has the name, or
            // if there is no space for a new ring. Readers then keep the old ring, and the next heartbeats try again.
            do throws(RingError) { try publisher.heartbeat() } catch { report.ringFailed(error, at: now) }
        }
        // Report that the program is alive even if no frames arrive. In that case the program has closed the source,
        // and is trying to open it again.
        report.watchdog(at: now)
    }

    private var device: String { source.description.device }
}
