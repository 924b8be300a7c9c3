public import Linux

/// Reports to systemd that an event loop starts, lives and ends, as often as systemd asks for.
///
/// It belongs to the loop's thread: a loop that hangs stops reporting, and systemd restarts it.
public struct ServiceHeartbeat {
    private static let statusInterval: Duration = .seconds(5)

    private let notifier: ServiceNotifier
    private var nextSign = Instant.distantPast
    private var nextStatus = Instant.distantPast

    public init(_ notifier: ServiceNotifier = ServiceNotifier()) {
        self.notifier = notifier
    }

    /// The longest that the loop may sleep; nil: without limit.
    public var longestWait: Duration? { notifier.watchdogInterval.map { max(.milliseconds(1), $0) } }

    /// The loop begins to serve.
    public func ready() { notifier.ready() }

    /// The loop turns.
    public mutating func beat(now: Instant) {
        guard let interval = notifier.watchdogInterval, now >= nextSign else { return }
        // A sleep of that length ends a little late.
        nextSign = now + (interval - interval / 8)
        notifier.watchdog()
    }

    /// What the service does, for `systemctl status`; at most every five seconds.
    public mutating func status(_ text: @autoclosure () -> String, now: Instant) {
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        notifier.status(text())
    }

    /// The loop ends.
    public func stopping() { notifier.stopping() }
}
