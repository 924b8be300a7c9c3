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
    private var nextStatus: UInt64 = 0
    private var nextWatchdog: UInt64 = 0

    init(_ publisher: FramePublisher, _ notifier: ServiceNotifier, _ logger: Logger) {
        self.publisher = publisher
        self.notifier = notifier
        self.logger = logger
        publisher.setState(state, reason: reason)
    }

    /// The source gives no pictures.
    func trouble(_ trouble: SourceTrouble) {
        guard (trouble.state, trouble.sentence) != (state, reason) else { return }
        change(trouble.state, trouble.sentence)
        notifier.status("\(trouble.state.name): \(trouble.sentence)")
        logger.warning("\(trouble.sentence)")
    }

    /// Pictures come, `rate` a second.
    func live(_ source: SourceDescription, rate: Double, at now: UInt64) {
        if state != .live {
            nextStatus = 0
            change(.live, "")
            logger.notice("pictures come from \(source.device) (\(source.name), \(source.format))")
        }
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        let tenths = Int((rate * 10).rounded())
        notifier.status("live: \(source.name), \(source.format), \(tenths / 10).\(tenths % 10) frames/s")
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
