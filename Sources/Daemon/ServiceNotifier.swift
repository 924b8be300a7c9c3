import Glibc
import Linux

/// Notifies systemd of the service's state with the protocol of sd_notify(3).
///
/// If systemd did not start the program or does not expect notifications, the functions of this type do nothing.
public struct ServiceNotifier: Sendable {
    private let address: String?

    /// The maximum interval between calls of ``watchdog()``, which is half the watchdog timeout.
    ///
    /// Nil if there is no watchdog.
    public let watchdogInterval: Duration?

    /// Reads the socket and the watchdog timeout from the environment.
    public init() {
        let names = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]
        let values = names.compactMap { name in Environment.value(name).map { (name, $0) } }
        self.init(Dictionary(uniqueKeysWithValues: values), processID: getpid())
    }

    init(_ environment: [String: String], processID: Int32) {
        let address = environment["NOTIFY_SOCKET"]
        // Ignore socket addresses of other families, such as vsock, which only virtual machines use.
        self.address = address.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let period = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && period > 0 ? .microseconds(period / 2) : nil
    }

    /// Reports that startup is complete (`READY=1`).
    public func ready() { send("READY=1") }

    /// Sets the line that `systemctl status` shows (`STATUS=`).
    public func status(_ text: String) {
        send("STATUS=" + String(text.map { $0.isNewline ? " " : $0 }))
    }

    /// Resets the watchdog timer by reporting that the service is alive (`WATCHDOG=1`).
    public func watchdog() { send("WATCHDOG=1") }

    /// Reports that the service is stopping (`STOPPING=1`).
    public func stopping() { send("STOPPING=1") }

    private func send(_ message: String) {
        guard let address else { return }
        // Ignore failures, because nothing else depends on the message.
        try? Datagram.send(message, to: address)
    }
}
