import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A part that is killed", .timeLimit(.minutes(3)))
    struct Death {
        @Test(
            "After kill -9, any part is restarted, and viewers that do not depend on the part stay connected",
            arguments: [
                (part: "capture-daemon", web: false, ingest: false), ("mjpeg-fcgi", false, true),
                ("relay-fcgi", true, false), ("nginx-ingest", false, true), ("nginx-web", true, false),
            ])
        func kill(part: String, cutsWeb: Bool, cutsIngest: Bool) throws {
            let system = try OrielSystem()
            let audience = try Audience(system)
            let victim = try #require(system.leader(of: part), "\(system.processes)")
            Glibc.kill(victim, SIGKILL)
            #expect(eventually { system.leader(of: part).map { $0 != victim } == true })

            for (group, side) in zip(try audience.groups(), [("web", cutsWeb), ("ingest", cutsIngest)]) {
                #expect(group["cuts"]?.number == (side.1 ? Double(Audience.count) : 0), "\(group)")
                report("\(part) killed: longest pause at the \(side.0) server was \(group["longest_gap"] ?? .null) s")
            }
            #expect(try eventually { try request("GET", system.web("/healthz")).status == 200 })
            #expect(system.process.isRunning, "\(system.output)")
        }

        @Test("Requests wait while a worker restarts, since its socket outlives it")
        func socketOutlives() throws {
            let system = try OrielSystem()
            let victim = try #require(system.leader(of: "relay-fcgi"))
            // The worker is stopped, so the request waits in the listen queue of the worker's socket.
            Glibc.kill(victim, SIGSTOP)
            let client = try FastCGIClient(system.runtime.appending("relay-fcgi.sock"))
            try client.ask("/status")
            Glibc.kill(victim, SIGKILL)
            let answer = try client.answer(milliseconds: 10_000)
            #expect(JSON(answer.text)?["cameras"] != nil, "\(answer)")
            #expect(system.leader(of: "relay-fcgi") != victim)
        }

        @Test(
            "kill -9 of the cleanup process stops no other process, and its replacement cleans up at the end")
        func killTidier() throws {
            let system = try OrielSystem()
            let viewer = try StreamViewer(system.web("/video"))
            _ = try #require(try viewer.next())
            func tidier() -> Int32? { system.processes(with: "oriel tidy ").first?.identifier }
            let victim = try #require(tidier(), "\(system.processes)")
            Glibc.kill(victim, SIGKILL)
            #expect(eventually { tidier().map { $0 != victim } == true }, "\(system.output)")
            _ = try #require(try viewer.next())
            let processes = system.processes.map(\.identifier)
            system.stop(by: SIGKILL)
            #expect(eventually { !ProcessTable().entries.contains { processes.contains($0.identifier) } })
            #expect(eventually { system.rings.isEmpty }, "\(system.rings)")
            #expect(eventually { (try? FileStatus(at: system.runtime)) == nil })
        }

        @Test(
            "The parts may start in any order",
            arguments: [
                ["capture-daemon", "relay-fcgi", "mjpeg-fcgi"], ["mjpeg-fcgi", "capture-daemon", "relay-fcgi"],
                ["mjpeg-fcgi", "relay-fcgi", "capture-daemon"], ["relay-fcgi", "capture-daemon", "mjpeg-fcgi"],
                ["relay-fcgi", "mjpeg-fcgi", "capture-daemon"],
            ])
        func anyOrder(order: [String]) throws {
            // Replace each program NAME with a script that waits for the file NAME.go, and then runs the program.
            let folder = TemporaryFolder()
            for program in order {
                let path = folder.path.appending(program).string
                try folder.write(
                    """
                    #!/bin/sh
                    until [ -e \(path).go ]; do sleep 0.02; done
                    exec \(OrielSystem.programs.appending(program).string) "$@"
                    """, to: program, permissions: .ownerReadWriteExecute)
            }
            try folder.link("oriel", to: OrielSystem.programs.appending("oriel"))
            let system = try OrielSystem(
                environment: ["ORIEL_BIN_DIR": folder.path.string], isReadyAwaited: false)
            for program in order {
                #expect(eventually { system.processes(with: folder.path.appending(program).string).first != nil })
                try folder.write("", to: "\(program).go")
                #expect(eventually { system.processes.contains { $0.name == program.prefix(15) } })
            }
            let isSeen = eventually(20) { (try? StreamViewer(system.web("/video")).next(within: 2)) != nil }
            #expect(isSeen, "\(system.output)")
        }

        @Test("While a worker is away, the web server answers 503 in JSON with Retry-After")
        func away() throws {
            let configuration = try Configuration()
            try configuration.edit("web.conf", "relay-fcgi.sock", to: "nobody.sock")
            let system = try OrielSystem(configuration: configuration.path)
            for path in ["/video", "/snapshot", "/status", "/healthz"] {
                let answer = try request("GET", system.web(path))
                #expect(answer.status == 503, "\(path)")
                #expect(answer["retry-after"] == "1")
                #expect(answer.json?["error"]?.string == "unavailable")
            }
            #expect(try request("GET", system.web("/")).status == 200)
        }
    }
}
