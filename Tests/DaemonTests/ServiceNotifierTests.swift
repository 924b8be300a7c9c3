import Glibc
import Linux
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(1))) struct ServiceNotifierTests {
    @Test("each message reaches systemd's socket as one datagram")
    func messages() throws {
        let socket = try ReceivingSocket()
        let notifier = ServiceNotifier(["NOTIFY_SOCKET": socket.address], processID: 1)
        notifier.ready()
        #expect(socket.receive() == "READY=1")
        notifier.status("30 frames\na second")
        #expect(socket.receive() == "STATUS=30 frames a second")
        notifier.watchdog()
        #expect(socket.receive() == "WATCHDOG=1")
        notifier.stopping()
        #expect(socket.receive() == "STOPPING=1")
    }

    @Test("without systemd, and with a socket that is gone, nothing happens")
    func nobodyListens() {
        ServiceNotifier([:], processID: 1).ready()
        ServiceNotifier(["NOTIFY_SOCKET": "/nonexistent/socket"], processID: 1).ready()
        ServiceNotifier(["NOTIFY_SOCKET": "vsock:2:1234"], processID: 1).ready()
    }

    @Test("the watchdog wants a sign in half the time that it allows")
    func watchdogInterval() {
        let environment = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"]
        #expect(ServiceNotifier(environment, processID: 77).watchdogInterval == .milliseconds(1500))
    }

    @Test("a watchdog that is set for another process, to nothing or to nonsense is none")
    func noWatchdog() {
        #expect(ServiceNotifier([:], processID: 1).watchdogInterval == nil)
        #expect(ServiceNotifier(["WATCHDOG_USEC": "0"], processID: 1).watchdogInterval == nil)
        #expect(ServiceNotifier(["WATCHDOG_USEC": "soon"], processID: 1).watchdogInterval == nil)
        let foreign = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"]
        #expect(ServiceNotifier(foreign, processID: 78).watchdogInterval == nil)
    }
}

/// A datagram socket at an abstract address of its own, as systemd has one.
private struct ReceivingSocket: ~Copyable {
    let address = "@oriel-test-\(UInt64.random(in: 0 ... .max))"
    private let descriptor: Descriptor

    init() throws {
        let number = try systemCall("socket", "") { socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0) }
        let descriptor = Descriptor(owning: number)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let path = [0] + Array(address.utf8.dropFirst())
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        try systemCall("bind", address) {
            unsafe withUnsafeBytes(of: &name) {
                unsafe bind(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
            }
        }
        self.descriptor = descriptor
    }

    func receive() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor.number, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
