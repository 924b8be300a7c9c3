import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Many viewers", .timeLimit(.minutes(3)))
    struct Crowd {
        /// Runs load-generator for `seconds` and returns its report for each group of viewers.
        static func watch(seconds: Int, _ groups: [String]) throws -> [JSON] {
            let program = OrielSystem.programs.appending("load-generator").string
            let result = try ChildProcess.run(
                program, ["--seconds", "\(seconds)", "--warmup", "2"] + groups)
            return try #require(JSON(result.output)?.array, "\(result.output)")
        }

        @Test("A hundred viewers see only complete pictures, in order, and slow viewers see recent pictures")
        func hundred() throws {
            let system = try OrielSystem()
            let seconds = 20
            let groups = try Self.watch(
                seconds: seconds,
                [
                    "100=\(system.web("/video"))", "1:300000=\(system.web("/video"))",
                    "1:50000=\(system.web("/video"))", "1=\(system.ingest("/mjpeg"))",
                ])
            for group in groups {
                #expect(group["broken"]?.number == 0, "\(group)")
                #expect(group["disordered"]?.number == 0, "\(group)")
                #expect(group["ended"]?.number == 0, "\(group)")
            }
            let fast = groups[0]
            // On a busy machine, all viewers may get fewer frames. But no viewer may get far fewer than another viewer.
            let fewest = try #require(fast["fewest"]?.number)
            let most = try #require(fast["most"]?.number)
            #expect(fewest >= most * 0.9, "one viewer got far fewer frames than another: \(fast)")
            #expect(fewest >= Double(seconds) * 2)
            report(
                "100 viewers of /video: \(fewest) to \(most) frames in \(seconds) s, age \(fast["late_age"] ?? .null)")
            for (slow, bound) in [(groups[1], 5.0), (groups[2], 30.0)] {
                let late = try #require(slow["late_age"]?["p50"]?.number)
                #expect(late <= bound, "\(slow)")
                report("slow viewer: early \(slow["early_age"] ?? .null), late \(slow["late_age"] ?? .null)")
            }
        }

        @Test("A single viewer gets complete pictures in order, more than ten a second")
        func delay() throws {
            let system = try OrielSystem()
            for address in [system.ingest("/mjpeg"), system.web("/video")] {
                let group = try #require(try Self.watch(seconds: 5, ["1=\(address)"]).first)
                #expect(group["broken"]?.number == 0 && group["disordered"]?.number == 0, "\(group)")
                #expect(try #require(group["frames"]?.number) > 50, "\(group)")
                report(
                    "one viewer: time from capture to the last byte, including encoding: \(group["late_age"] ?? .null)")
            }
        }

        @Test("The ingest server sends one stream for any number of web viewers, and none after they have left")
        func oneUpstream() throws {
            let system = try OrielSystem()
            func upstreams() throws -> Double? {
                try request("GET", system.ingest("/status/main")).json?["viewers"]?.number
            }
            do {
                let viewers = try (0..<10).map { _ in try StreamViewer(system.web("/video")) }
                for viewer in viewers { _ = try #require(try viewer.next()) }
                #expect(try eventually { try upstreams() == 1 })
                #expect(try request("GET", system.web("/status/main")).json?["viewers"]?.number == 10)
            }
            #expect(try eventually(30) { try upstreams() == 0 })
        }

        @Test("One address may open 32 streams, and the next one is refused with 429")
        func limit() throws {
            let configuration = try Configuration()
            try configuration.edit("web.conf", "127.0.0.0/8 0;", to: "")
            let system = try OrielSystem(configuration: configuration.path)
            var viewers: [StreamViewer] = []
            for _ in 0..<32 { viewers.append(try StreamViewer(system.web("/video"))) }
            let refused = try request("GET", system.web("/video"))
            #expect(refused.status == 429)
            #expect(refused["retry-after"] != nil)
            #expect(refused.json?["error"]?.string == "too_many_streams")
            #expect(try request("GET", system.web("/snapshot")).status == 200)
            withExtendedLifetime(viewers) {}
        }
    }
}
