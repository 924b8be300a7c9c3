import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Reloads and restarts of the web server", .timeLimit(.minutes(3)))
    struct WebServers {
        /// Returns the process IDs of the master process and the worker processes of one nginx server.
        private func processes(_ part: String, in system: OrielSystem) -> (master: Int32?, workers: [Int32]) {
            let all = system.processes.filter { $0.name == "nginx" }
            let master = all.first { $0.commandLine.contains("/\(part)/") }?.identifier
            return (master, all.filter { $0.parent == master }.map(\.identifier))
        }

        /// Starts 20 viewers of each server, and calls `event` with the master and the worker processes of `part`.
        ///
        /// Then waits until the old workers of `part` have exited and all viewers are connected again. Returns
        /// load-generator's reports for the web server and the ingest server, in this order.
        private func watch(
            _ part: String, in system: OrielSystem, _ event: (Int32, [Int32]) -> Void
        ) throws -> [JSON] {
            let crowd = try ChildProcess(
                OrielSystem.programs.appending("load-generator").string,
                ["--seconds", "100", "--warmup", "1", "--retry", "0.1"]
                    + ["20=\(system.web("/video"))", "20=\(system.ingest("/mjpeg"))"])
            func viewers(_ address: String) -> Double? { (try? request("GET", address))?.json?["viewers"]?.number }
            func allWatch() -> Bool {
                viewers(system.web("/status/main")) == 20 && viewers(system.ingest("/status/main")) == 21
            }
            #expect(eventually(30, allWatch))
            let (master, old) = processes(part, in: system)
            event(try #require(master, "\(system.processes)"), old)
            #expect(
                eventually(30) {
                    let all = system.processes
                    return !old.contains { worker in all.contains { $0.identifier == worker } } && allWatch()
                }, "old workers are still running, or viewers have not reconnected")
            // Wait a moment for viewers that are still reconnecting.
            Poll.wait([], milliseconds: 1500)
            crowd.send(SIGTERM)
            let groups = try #require(JSON(crowd.readToEnd())?.array)
            // The test proves nothing unless all viewers of `part` were disconnected.
            #expect((groups[part == "nginx-web" ? 0 : 1]["cuts"]?.number ?? 0) >= 20, "\(groups)")
            return groups
        }

        @Test(
            "A reload keeps viewers for five seconds; then they reconnect and see complete pictures in order",
            arguments: ["nginx-web", "nginx-ingest"])
        func reload(part: String) throws {
            let system = try OrielSystem()
            let (master, old) = processes(part, in: system)
            let groups = try watch(part, in: system) { master, _ in kill(master, SIGHUP) }
            for group in groups {
                #expect(group["broken"]?.number == 0 && group["disordered"]?.number == 0, "\(group)")
                #expect(group["ended"]?.number == 0, "some viewers did not reconnect: \(group)")
                report("\(part) reloaded: the longest pause was \(group["longest_gap"] ?? .null) s")
            }
            // The master is still the same process, and all workers are new.
            #expect(processes(part, in: system).master == master)
            #expect(eventually(20) { Set(processes(part, in: system).workers).isDisjoint(with: old) })
            #expect(!processes(part, in: system).workers.isEmpty)
            #expect(try request("GET", system.web("/healthz")).status == 200)
        }

        @Test(
            "A killed nginx worker disconnects its viewers, and they reconnect",
            arguments: ["nginx-web", "nginx-ingest"])
        func workerKilled(part: String) throws {
            let system = try OrielSystem()
            let (master, _) = processes(part, in: system)
            let groups = try watch(part, in: system) { _, workers in for worker in workers { kill(worker, SIGKILL) } }
            for group in groups {
                #expect(group["broken"]?.number == 0 && group["disordered"]?.number == 0, "\(group)")
                #expect(group["ended"]?.number == 0, "some viewers did not reconnect: \(group)")
                report("workers of \(part) killed: the longest pause was \(group["longest_gap"] ?? .null) s")
            }
            #expect(processes(part, in: system).master == master)
            #expect(try request("GET", system.web("/healthz")).status == 200)
        }

        @Test("Viewers reconnect after an orderly restart of nginx")
        func restart() throws {
            let part = "nginx-web"
            let system = try OrielSystem()
            let (master, _) = processes(part, in: system)
            let groups = try watch(part, in: system) { master, _ in kill(master, SIGTERM) }
            for group in groups {
                #expect(group["broken"]?.number == 0 && group["disordered"]?.number == 0, "\(group)")
                #expect(group["ended"]?.number == 0, "some viewers did not reconnect: \(group)")
                report("\(part) ended by SIGTERM: the longest pause was \(group["longest_gap"] ?? .null) s")
            }
            #expect(processes(part, in: system).master != master)
            #expect(system.process.isRunning, "\(system.output)")
        }

        @Test("A worker's socket may appear after the web server has started")
        func lateSocket() throws {
            let configuration = try Configuration()
            try configuration.edit("web.conf", "relay-fcgi.sock", to: "late.sock")
            let system = try OrielSystem(configuration: configuration.path)
            let early = try request("GET", system.web("/snapshot"))
            #expect(early.status == 503)
            #expect(early.json?["error"]?.string == "unavailable")
            let late = system.runtime.appending("late.sock")
            let linked = unsafe late.withPlatformString { unsafe symlink("relay-fcgi.sock", $0) }
            #expect(linked == 0)
            #expect(try eventually { try request("GET", system.web("/snapshot")).status == 200 })
            #expect(try StreamViewer(system.web("/video")).next() != nil)
        }
    }
}
