/// Tells systemd that an event loop starts, lives and ends, as often as systemd wants to hear it.
///
/// One thread uses it: the loop's. A loop that hangs falls silent, and is started again.
public struct ServiceHeartbeat {
    /// How often ``tell(_:now:)`` tells what it is given, in nanoseconds.
    private static let statusInterval: UInt64 = 5_000_000_000

    private let notifier: ServiceNotifier
    /// 0: systemd wants no signs of life.
    private let interval: UInt64
    private var nextSign: UInt64 = 0
    private var nextStatus: UInt64 = 0

    public init(_ notifier: ServiceNotifier = ServiceNotifier()) {
        self.notifier = notifier
        interval = notifier.watchdogInterval.map { UInt64($0 / .nanoseconds(1)) } ?? 0
    }

    /// The longest that the loop may sleep, in milliseconds as epoll takes them; -1: for ever.
    public var longestWait: Int32 { interval == 0 ? -1 : Int32(clamping: max(1, interval / 1_000_000)) }

    /// The loop begins to serve.
    public func ready() { notifier.ready() }

    /// The loop turns; `now` is CLOCK_MONOTONIC in nanoseconds.
    public mutating func beat(now: UInt64) {
        guard interval > 0, now >= nextSign else { return }
        // A sleep of that length ends a little late.
        nextSign = now + interval - interval / 8
        notifier.watchdog()
    }

    /// What the service does, for `systemctl status`; told now and then.
    public mutating func tell(_ text: @autoclosure () -> String, now: UInt64) {
        guard now >= nextStatus else { return }
        nextStatus = now + Self.statusInterval
        notifier.status(text())
    }

    /// The loop ends.
    public func stopping() { notifier.stopping() }
}
