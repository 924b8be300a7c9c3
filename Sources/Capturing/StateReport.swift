public import Daemon
import Linux
public import Logging
import Pacing
public import SharedFrame

/// Reports each change of the camera's state once, to readers of the ring, to systemd and in the log.
public final class StateReport {
    /// How often systemd's status line is updated while the camera is live.
    private static let statusInterval = Duration.seconds(5)

    private let publisher: FramePublisher
    private let notifier: ServiceNotifier
    private let logger: Logger
    /// The state that readers of the ring see.
    private(set) var state = CameraState.waiting
    private(set) var reason = "the camera is being opened"
    /// The notes that have been logged.
    private var notes: Set<String> = []
    private var limit = LogLimit<String>(.eachMessage)
    private var nextStatus = Instant.distantPast
    private var nextWatchdog = Instant.distantPast

    public init(_ publisher: FramePublisher, _ notifier: ServiceNotifier, _ logger: Logger) {
        self.publisher = publisher
        self.notifier = notifier
        self.logger = logger
        publisher.setState(state, reason: reason)
    }

    /// Reports that the source delivers no pictures.
    func failed(_ error: SourceError, at now: Instant) {
        guard (error.state, error.sentence) != (state, reason) else { return }
        change(error.state, error.sentence)
        notifier.status("\(error.state.name): \(error.sentence)")
        log(.warning, error.sentence, at: now)
    }

    /// Logs why the ring could not be restored under its name; readers keep the old ring.
    func ringFailed(_ error: RingError, at now: Instant) {
        log(.error, "\(error)", at: now)
    }

    /// Reports that the source delivers `rate` pictures per second.
    ///
    /// `summary` describes the source.
    func live(_ summary: String, rate: Double, at now: Instant) {
        if state != .live {
            nextStatus = .distantPast
            change(.live, "")
            log(.notice, "pictures come from \(summary)", at: now)
        }
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        let tenths = Int((rate * 10).rounded())
        notifier.status("live: \(summary): \(tenths / 10).\(tenths % 10) frames/s")
    }

    private func log(_ level: Logger.Level, _ sentence: String, at now: Instant) {
        switch limit.verdict(on: sentence, at: now) {
        case .write: logger.log(level: level, "\(sentence)")
        case .writeLast:
            logger.log(level: level, "\(sentence) (repeated: further messages suppressed for 10 minutes)")
        case .drop: break
        }
    }

    private func change(_ state: CameraState, _ reason: String) {
        self.state = state
        self.reason = reason
        publisher.setState(state, reason: reason)
    }

    /// Logs a note for the person who runs the program, unless the same note has already been logged.
    func note(_ sentence: String) {
        if notes.insert(sentence).inserted { logger.warning("\(sentence)") }
    }

    /// Sends systemd's watchdog message when it is due.
    func watchdog(at now: Instant) {
        guard let interval = notifier.watchdogInterval, now >= nextWatchdog else { return }
        nextWatchdog = now + interval
        notifier.watchdog()
    }
}
