import TestSupport
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

    @Test("without systemd, or if the socket is gone, nothing happens")
    func nobodyListens() {
        ServiceNotifier([:], processID: 1).ready()
        ServiceNotifier(["NOTIFY_SOCKET": "/nonexistent/socket"], processID: 1).ready()
        ServiceNotifier(["NOTIFY_SOCKET": "vsock:2:1234"], processID: 1).ready()
    }

    @Test("the watchdog interval is half the watchdog timeout")
    func watchdogInterval() {
        let environment = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"]
        #expect(ServiceNotifier(environment, processID: 77).watchdogInterval == .milliseconds(1500))
    }

    @Test("a watchdog setting is ignored if it is for another process, zero or invalid")
    func noWatchdog() {
        #expect(ServiceNotifier([:], processID: 1).watchdogInterval == nil)
        #expect(ServiceNotifier(["WATCHDOG_USEC": "0"], processID: 1).watchdogInterval == nil)
        #expect(ServiceNotifier(["WATCHDOG_USEC": "soon"], processID: 1).watchdogInterval == nil)
        let foreign = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"]
        #expect(ServiceNotifier(foreign, processID: 78).watchdogInterval == nil)
    }
}
