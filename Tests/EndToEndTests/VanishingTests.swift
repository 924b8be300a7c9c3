import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Viewers whose network disappears, like a phone that leaves the house.
    ///
    /// The system and its viewers run in separate network namespaces. The test pulls the cable between the namespaces.
    @Suite(
        "Vanished viewers", .timeLimit(.minutes(3)),
        .enabled(if: Cable.isPossible, "this user is not allowed to create network namespaces (unshare --net)"))
    struct Vanishing {
        @Test("A viewer whose network is gone, or that has stopped reading, is disconnected after send_timeout")
        func vanished() throws {
            // Shorten send_timeout, because its default of thirty seconds would make the test slow.
            let configuration = try Configuration()
            try configuration.edit("oriel/fastcgi.conf", "send_timeout 30s", to: "send_timeout 3s")
            let cable = try Cable()
            let system = try OrielSystem(
                environment: ["ORIEL_BIND": "0.0.0.0"], configuration: configuration.path, launcher: cable.near)
            try #require(system.process.isRunning, "\(system.output)")
            func viewers() -> Double? {
                guard let client = try? FastCGIClient(system.runtime.appending("relay-fcgi.sock")),
                    (try? client.ask("/status/main")) != nil, let answer = try? client.answer(milliseconds: 3000)
                else { return nil }
                return JSON(answer.text)?["viewers"]?.number
            }
            let near = try cable.run(isFar: false, "curl", watching("127.0.0.1", system))
            let far = try (0..<5).map { _ in try cable.run(isFar: true, "curl", watching(cable.address, system)) }
            let stopped = try cable.run(isFar: true, "curl", watching(cable.address, system))
            #expect(eventually(20) { viewers() == 7 }, "\(system.output) \(viewers() ?? -1)")

            stopped.send(SIGSTOP)
            #expect(eventually(30) { viewers() == 6 }, "the viewer that stopped reading is still connected")
            let began = Clock.monotonic
            try cable.pull()
            #expect(eventually(30) { viewers() == 1 }, "the viewers without a network are still connected")
            report("viewers without a network are disconnected after \(Double(Clock.monotonic - began) / 1e9) s")
            // The viewers do not notice that they are disconnected, since no packets reach them.
            for viewer in far { #expect(viewer.isRunning) }
            #expect(near.isRunning)
            stopped.send(SIGCONT)
        }

        /// Returns the arguments with which curl watches a stream and discards what it receives.
        private func watching(_ address: String, _ system: OrielSystem) -> [String] {
            ["-sN", "--noproxy", "*", "-o", "/dev/null", "http://\(address):\(system.webPort)/video"]
        }
    }
}
