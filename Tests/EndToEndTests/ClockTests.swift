import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The wall clock", .timeLimit(.minutes(3)))
    struct WallClock {
        private let folder = TemporaryFolder()
        private let ingestClock: FakeClock
        private let webClock: FakeClock

        init() throws {
            ingestClock = try FakeClock()
            webClock = try FakeClock()
            for (program, clock) in [
                ("capture-daemon", ingestClock), ("mjpeg-fcgi", ingestClock), ("relay-fcgi", webClock),
            ] {
                let settings = clock.environment.map { "export \($0)='\($1)'\n" }.joined()
                let path = OrielSystem.programs.appending(program).string
                try folder.write(
                    "#!/bin/sh\n\(settings)exec '\(path)' \"$@\"\n", to: program, permissions: .ownerReadWriteExecute)
            }
        }

        @Test(
            "Stepping the wall clock by an hour, on one host or both, changes no age or timeout and disturbs no viewer"
        )
        func jumps() throws {
            let system = try OrielSystem(environment: ["ORIEL_BIN_DIR": folder.path.string])
            let viewers = try ["/video", "/video?fps=5"].map { try StreamViewer(system.web($0)) }
            for viewer in viewers { _ = try #require(try viewer.next()) }
            let logs = ["capture-main", "mjpeg-fcgi", "relay-fcgi"]
            let before = logs.map { system.log(of: $0) }
            for (ingest, web) in [(-3600, -3600), (0, 0), (-3600, 0), (0, 0), (3600, 0), (0, 0)] {
                try ingestClock.set(seconds: ingest)
                try webClock.set(seconds: web)
                let comment: Comment = "the ingest host's clock is off by \(ingest) s, and the web host's by \(web) s"
                // Each server reports the fake time of its own host.
                #expect(abs(try clock(system.ingest("/status"), before: ingest)) < 60, comment)
                #expect(abs(try clock(system.web("/status"), before: web)) < 60, comment)
                // By the time the next picture arrives, the relay has noticed that the clock was stepped.
                for viewer in viewers { _ = try #require(try viewer.next(), comment) }
                for _ in 0..<20 {
                    #expect(try isWell(system.ingest("/status/main")), comment)
                    #expect(try isWell(system.web("/status/main")), comment)
                    for viewer in viewers { _ = try #require(try viewer.next(), comment) }
                }
                #expect(try request("GET", system.ingest("/snapshot?max_age=1000")).status == 200, comment)
                let snapshot = try request("GET", system.web("/snapshot?max_age=1000"))
                #expect(snapshot.status == 200, comment)
                // A picture carries the time of the host that captured it.
                let time = try #require(snapshot["x-timestamp"].flatMap { Double($0) })
                #expect(abs(time - Double(Clock.realtime) / 1e9 - Double(ingest)) < 60, comment)
            }
            // The logs have no new lines: nothing was lost, stalled or restarted.
            #expect(logs.map { system.log(of: $0) } == before)
        }

        /// Returns by how many seconds a server's clock is ahead of the expected time.
        ///
        /// The expected time is the machine's real time plus `seconds`.
        private func clock(_ address: String, before seconds: Int) throws -> Double {
            let now = try #require(try request("GET", address).json?["now"]?.number)
            return now - Double(Clock.realtime) / 1e9 - Double(seconds)
        }

        /// Returns whether the camera is online and its newest picture is less than a minute old.
        ///
        /// A minute is long enough even for a slow machine.
        private func isWell(_ address: String) throws -> Bool {
            let status = try request("GET", address).json
            return status?["online"] == .bool(true) && (status?["age_ms"]?.number).map { $0 < 60_000 } ?? false
        }
    }
}
