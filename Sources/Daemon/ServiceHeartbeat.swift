public import Linux

/// Reports to systemd that an event loop starts, runs and stops, as often as the watchdog requires.
///
/// It belongs to the loop's thread: if the loop hangs, the reports stop and systemd restarts the service.
public struct ServiceHeartbeat {
    private static let statusInterval: Duration = .seconds(5)

    private let notifier: ServiceNotifier
    private var nextWatchdog = Instant.distantPast
    private var nextStatus = Instant.distantPast

    public init(_ notifier: ServiceNotifier = ServiceNotifier()) {
        self.notifier = notifier
    }

    /// The maximum time that the loop may sleep, or nil for no limit.
    public var maximumWait: Duration? { notifier.watchdogInterval.map { max(.milliseconds(1), $0) } }

    /// Reports that the service is ready.
    public func ready() { notifier.ready() }

    /// Resets the watchdog if due; must be called in each turn of the loop.
    public mutating func beat(now: Instant) {
        guard let interval = notifier.watchdogInterval, now >= nextWatchdog else { return }
        // Slightly early, because a sleep of exactly that length ends late.
        nextWatchdog = now + (interval - interval / 8)
        notifier.watchdog()
    }

    /// Sets the text that `systemctl status` shows, at most every five seconds.
    public mutating func status(_ text: @autoclosure () -> String, now: Instant) {
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        notifier.status(text())
    }

    /// Reports that the service is stopping.
    public func stopping() { notifier.stopping() }
}
