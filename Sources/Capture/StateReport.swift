import Daemon
import Logging
import SharedFrame

/// Says how the camera is, to readers of the ring, to systemd and in the log: each change once.
final class StateReport {
    /// How often systemd's status line is made anew while all is well, in nanoseconds.
    private static let statusInterval: UInt64 = 5_000_000_000

    private let publisher: FramePublisher
    private let notifier: ServiceNotifier
    private let logger: Logger
    /// What readers were told last.
    private(set) var state = CameraState.waiting
    private(set) var reason = "the camera is being opened"
    private var notes: Set<String> = []
    private var limit = LogLimit()
    private var nextStatus: UInt64 = 0
    private var nextWatchdog: UInt64 = 0

    init(_ publisher: FramePublisher, _ notifier: ServiceNotifier, _ logger: Logger) {
        self.publisher = publisher
        self.notifier = notifier
        self.logger = logger
        publisher.setState(state, reason: reason)
    }

    /// The source gives no pictures.
    func trouble(_ trouble: SourceTrouble, at now: UInt64) {
        guard (trouble.state, trouble.sentence) != (state, reason) else { return }
        change(trouble.state, trouble.sentence)
        notifier.status("\(trouble.state.name): \(trouble.sentence)")
        log(.warning, trouble.sentence, at: now)
    }

    /// Pictures come from the source that `summary` describes, `rate` a second.
    func live(_ summary: String, rate: Double, at now: UInt64) {
        if state != .live {
            nextStatus = 0
            change(.live, "")
            log(.notice, "pictures come from \(summary)", at: now)
        }
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        let tenths = Int((rate * 10).rounded())
        notifier.status("live: \(summary): \(tenths / 10).\(tenths % 10) frames/s come")
    }

    private func log(_ level: Logger.Level, _ sentence: String, at now: UInt64) {
        switch limit.verdict(on: sentence, at: now) {
        case .new: logger.log(level: level, "\(sentence)")
        case .last: logger.log(level: level, "\(sentence) (this comes again and again: no more of it for ten minutes)")
        case .tooMuch: break
        }
    }

    private func change(_ state: CameraState, _ reason: String) {
        self.state = state
        self.reason = reason
        publisher.setState(state, reason: reason)
    }

    /// Something that the person who runs the program should know; said once.
    func note(_ sentence: String) {
        if notes.insert(sentence).inserted { logger.warning("\(sentence)") }
    }

    /// Tells systemd that the program lives, as often as it wants to hear it.
    func watchdog(at now: UInt64) {
        guard let interval = notifier.watchdogInterval, now >= nextWatchdog else { return }
        nextWatchdog = now + UInt64(interval / .nanoseconds(1))
        notifier.watchdog()
    }
}
