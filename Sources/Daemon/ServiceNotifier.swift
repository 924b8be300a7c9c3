import Glibc
import Linux

/// Tells systemd how the service is doing (the protocol of sd_notify(3)); does nothing where systemd did not ask.
public struct ServiceNotifier: Sendable {
    private let address: String?

    /// How often ``watchdog()`` must be called at least: half of what systemd allows; nil when there is no watchdog.
    public let watchdogInterval: Duration?

    /// Takes socket and watchdog from the environment that systemd set.
    public init() {
        let names = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]
        let values = names.compactMap { name in Environment.value(name).map { (name, $0) } }
        self.init(Dictionary(uniqueKeysWithValues: values), processID: getpid())
    }

    init(_ environment: [String: String], processID: Int32) {
        let address = environment["NOTIFY_SOCKET"]
        // Addresses of other families (vsock) are for virtual machines.
        self.address = address.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let period = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && period > 0 ? .microseconds(period / 2) : nil
    }

    /// Start-up is done (`READY=1`).
    public func ready() { send("READY=1") }

    /// What `systemctl status` shows, in one line (`STATUS=`).
    public func status(_ text: String) {
        send("STATUS=" + String(text.map { $0.isNewline ? " " : $0 }))
    }

    /// The service does what it is there for, or knows what it waits for (`WATCHDOG=1`).
    public func watchdog() { send("WATCHDOG=1") }

    /// The service is about to end (`STOPPING=1`).
    public func stopping() { send("STOPPING=1") }

    private func send(_ message: String) {
        guard let address else { return }
        // Nothing depends on the message: systemd that does not listen is no reason to stop the pictures.
        try? Datagram.send(message, to: address)
    }
}
