public import Linux

/// Reports to systemd that an event loop is ready, running or stopping.
///
/// Use it only from the thread of the loop, which must call ``beat(now:)`` in each turn. If the loop hangs, the
/// watchdog messages stop, and systemd restarts the service.
public struct ServiceHeartbeat {
    private static let statusInterval: Duration = .seconds(5)

    private let notifier: ServiceNotifier
    private var nextWatchdog = Instant.distantPast
    private var nextStatus = Instant.distantPast

    public init(_ notifier: ServiceNotifier = ServiceNotifier()) {
        self.notifier = notifier
    }

    /// The maximum time that the loop may sleep; nil means no limit.
    public var maximumWait: Duration? { notifier.watchdogInterval.map { max(.milliseconds(1), $0) } }

    /// Reports that the service is ready.
    public func ready() { notifier.ready() }

    /// Sends systemd's watchdog message if it is due.
    ///
    /// Call it in each turn of the loop.
    public mutating func beat(now: Instant) {
        guard let interval = notifier.watchdogInterval, now >= nextWatchdog else { return }
        // The next message is due a little earlier than required, because a sleep may take longer than requested.
        nextWatchdog = now + (interval - interval / 8)
        notifier.watchdog()
    }

    /// Sets the text that `systemctl status` shows; does nothing if it was set less than five seconds ago.
    public mutating func status(_ text: @autoclosure () -> String, now: Instant) {
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        notifier.status(text())
    }

    /// Reports that the service is stopping.
    public func stopping() { notifier.stopping() }
}
