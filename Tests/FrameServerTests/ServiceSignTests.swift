import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

/// A worker's notifications to systemd.
@Suite("Worker under systemd")
struct ServiceSignTests {
    @Test(
        "a worker notifies systemd of readiness, of its heartbeat while idle, and of stopping", .timeLimit(.minutes(1)))
    func signs() throws {
        let ring = TemporaryRing()
        let folder = TemporaryFolder()
        let systemd = try ReceivingSocket()
        let path = folder.path.appending("worker.sock")
        let listener = try Socket.listen(at: path)
        let worker = try ChildProcess(
            "\(try ChildProcess.buildFolder())/mjpeg-fcgi",
            ["--prefix", ring.prefix.text, "--runtime-dir", "\(folder.path)"],
            environment: ["NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "400000"], input: listener.number)
        #expect(systemd.receive() == "READY=1")
        // There are no connections, so the worker wakes up only when its next notification is due.
        var signs = 0
        while signs < 4 {
            let next = systemd.receive()
            let message = try #require(next)
            signs += message == "WATCHDOG=1" ? 1 : 0
            #expect(message == "WATCHDOG=1" || message.hasPrefix("STATUS=0 viewers"), "\(message)")
        }
        worker.send(SIGTERM)
        var last = systemd.receive()
        while last == "WATCHDOG=1" || last?.hasPrefix("STATUS=") == true { last = systemd.receive() }
        #expect(last == "STOPPING=1")
        #expect(worker.wait(milliseconds: 10_000) == 0)
    }
}
