import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Viewers that come and go at random.
    @Suite("Viewer churn", .timeLimit(.minutes(10)))
    struct Churn {
        /// A viewer that reads until the monotonic clock reaches `end`, in nanoseconds.
        ///
        /// The viewer then closes its connection. If `isRude` is true, it resets the connection instead.
        private struct Visitor {
            let connection: HTTPConnection
            let end: UInt64
            let isRude: Bool
        }

        @Test("Two thousand viewers that come and go at random leak nothing and do not disturb those that stay")
        func twoThousand() throws {
            let isLong = Environment.value("ORIEL_TEST_FULL") != nil
            let (seconds, most) = isLong ? (180.0, 2000) : (10.0, 250)
            let system = try OrielSystem(environment: ["ORIEL_SIZE": "320x240", "ORIEL_FPS": "15"])
            let steady = try ChildProcess(
                OrielSystem.programs.appending("load-generator").string,
                ["--seconds", "\(Int(seconds) + 10)", "--warmup", "1"]
                    + ["1=\(system.web("/video"))", "1=\(system.ingest("/mjpeg"))"])
            let workers = ["mjpeg-fcgi", "relay-fcgi"].compactMap { name in system.processes.first { $0.name == name } }
            try #require(workers.count == 2, "\(system.processes)")
            // The workers keep the buffers that they allocate for the first viewers, so measure memory only after these
            // viewers have left.
            var random = SystemRandomNumberGenerator()
            _ = try visit(system, seconds: 3, most: most, using: &random)
            #expect(eventually(20) { hasOnlySteady(system) })
            let before = try workers.map { try #require(ProcessFigures(of: $0.identifier)) }

            let count = try visit(system, seconds: seconds, most: most, using: &random)
            report("\(count) viewers came and left within \(Int(seconds)) s")
            // On a slow machine even the permanent viewers may have left already. hasOnlySteady allows for that.
            #expect(eventually(20) { hasOnlySteady(system) })
            for (worker, before) in zip(workers, before) {
                #expect(
                    eventually(20) {
                        guard let now = ProcessFigures(of: worker.identifier) else { return false }
                        return now.descriptors <= before.descriptors + 4 && now.threads <= before.threads
                    })
                let after = try #require(ProcessFigures(of: worker.identifier), "\(worker.name) has died")
                report("\(worker.name): \(before) before, \(after) after")
                #expect(after.memory - before.memory < 8 << 20, "\(worker.name): \(before) before, \(after) after")
            }
            for group in try #require(JSON(steady.readToEnd())?.array) {
                #expect(group["broken"]?.number == 0 && group["disordered"]?.number == 0, "\(group)")
                #expect(group["ended"]?.number == 0, "\(group)")
                #expect((group["frames"]?.number ?? 0) > seconds, "\(group)")
            }
        }

        /// Returns whether no viewers are left except the permanent ones.
        ///
        /// The web server has one permanent viewer. The ingest server has two: its own permanent viewer, and the relay.
        private func hasOnlySteady(_ system: OrielSystem) -> Bool {
            func viewers(_ address: String) -> Double {
                (try? request("GET", address))?.json?["viewers"]?.number ?? .infinity
            }
            return viewers(system.web("/status/main")) <= 1 && viewers(system.ingest("/status/main")) <= 2
        }

        /// Opens and closes viewers for `seconds` seconds, with at most `most` open at a time.
        ///
        /// Returns how many viewers it opened in total.
        private func visit(
            _ system: OrielSystem, seconds: Double, most: Int, using random: inout SystemRandomNumberGenerator
        ) throws -> Int {
            let requests = [
                (system.webPort, "/video"), (system.webPort, "/video?fps=5"), (system.ingestPort, "/mjpeg"),
            ]
            let deadline = Deadline(seconds: seconds)
            var visitors: [Int: Visitor] = [:]
            var count = 0
            while !deadline.isOver {
                for _ in 0..<min(10, most - visitors.count) {
                    guard let (port, path) = requests.randomElement(using: &random) else { continue }
                    let connection = try HTTPConnection(address: "127.0.0.1", port: port)
                    try connection.send(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                    // A viewer stays for up to two seconds, but usually for much less, since its time is the square
                    // of a random number.
                    let life = UInt64.random(in: 0...1_400_000_000, using: &random)
                    visitors[count] = Visitor(
                        connection: connection, end: Clock.monotonic + life / 1000 * life / 1_000_000,
                        isRude: Bool.random(using: &random))
                    count += 1
                }
                let now = Clock.monotonic
                for key in Array(visitors.keys) {
                    guard let visitor = visitors[key] else { continue }
                    if now >= visitor.end {
                        if visitor.isRude { visitor.connection.reset() }
                        visitors[key] = nil
                    } else {
                        visitor.connection.discard()
                    }
                }
                Poll.wait([], milliseconds: 2)
            }
            return count
        }
    }
}
