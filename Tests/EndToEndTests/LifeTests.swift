import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("From startup to exit", .timeLimit(.minutes(3)))
    struct Life {
        @Test(
            "The system exits without leaving a process, a socket, a folder or shared memory",
            arguments: [SIGINT, SIGTERM])
        func ending(signal: CInt) throws {
            let system = try OrielSystem()
            _ = try #require(try StreamViewer(system.web("/video")).next())
            let processes = system.processes.map(\.identifier)
            #expect(processes.count >= 7)
            #expect(!system.rings.isEmpty)
            #expect(system.stop(by: signal) == 128 + signal)
            expectNothing(of: system, processes)
        }

        @Test("SIGHUP without a terminal checks the configuration, and the system keeps running")
        func hangUp() throws {
            let folder = TemporaryFolder()
            try folder.write("[camera main]\ndevice = pattern\n", to: "oriel.conf")
            let system = try OrielSystem(
                environment: ["ORIEL_CONFIG": folder.path.string, "ORIEL_DEVICE": ""], launcher: ["setsid"])
            try folder.write("[camera main]\ndevise = pattern\n", to: "oriel.conf")
            system.process.send(SIGHUP)
            #expect(
                eventually { system.output.contains("oriel.conf:2: unknown setting 'devise' in [camera]") },
                "\(system.output)")
            #expect(try request("GET", system.web("/snapshot")).status == 200)
        }

        @Test("The system is cleaned up even after SIGKILL")
        func killed() throws {
            let system = try OrielSystem()
            _ = try #require(try StreamViewer(system.web("/video")).next())
            let processes = system.processes.map(\.identifier)
            #expect(system.stop(by: SIGKILL) == -SIGKILL)
            expectNothing(of: system, processes)
        }

        private func expectNothing(of system: OrielSystem, _ processes: [Int32]) {
            func alive() -> [ProcessTable.Entry] {
                ProcessTable().entries.filter { processes.contains($0.identifier) }
            }
            #expect(eventually { alive().isEmpty }, "\(alive())")
            #expect(eventually { system.rings.isEmpty }, "\(system.rings)")
            let runtime = system.runtime
            #expect(eventually { (try? Descriptor(opening: runtime, flags: O_RDONLY)) == nil })
        }

        @Test("Once the system has announced its address, all addresses deliver frames")
        func start() throws {
            let before = Clock.monotonic
            let system = try OrielSystem()
            report("scripts/run announced its address after \(Double(Clock.monotonic - before) / 1e9) s")
            #expect(system.output.contains("Oriel is at http://127.0.0.1:\(system.webPort)/"))
            #expect(!system.output.contains("No picture"), "\(system.output)")
            _ = try #require(try StreamViewer(system.web("/video")).next())
            _ = try #require(try StreamViewer(system.ingest("/mjpeg")).next())
            #expect(try request("GET", system.web("/snapshot")).status == 200)
            #expect(try request("GET", system.web("/healthz")).status == 200)
        }

        @Test("A port in use is reported with the setting that changes it")
        func takenPort() throws {
            let first = try OrielSystem()
            for (setting, port) in [("ORIEL_WEB_PORT", first.webPort), ("ORIEL_INGEST_PORT", first.ingestPort)] {
                let second = try OrielSystem(environment: [setting: "\(port)"])
                #expect(second.process.wait(milliseconds: 10_000) == 69)
                #expect(second.output.contains("port \(port) is in use"), "\(second.output)")
                #expect(second.output.contains(setting))
            }
            #expect(try request("GET", first.web("/healthz")).status == 200)
        }

        @Test("A second system with the same prefix reports why it cannot run, and does not disturb the first system")
        func samePrefix() throws {
            let first = try OrielSystem()
            let viewer = try StreamViewer(first.web("/video"))
            let picture = try #require(try viewer.next())
            let rings = Set(first.rings)
            let second = try OrielSystem(environment: ["ORIEL_PREFIX": first.prefix])
            guard let status = second.process.wait(milliseconds: 20_000) else {
                Issue.record("the second system did not exit: \(second.output)")
                return
            }
            #expect(status >= 64)
            #expect(second.output.contains("capture-main cannot run"), "\(second.output)")
            #expect(rings.isSubset(of: first.rings))
            let next = try #require(try viewer.next())
            #expect(try #require(next.number) > (try #require(picture.number)))
            #expect(try request("GET", first.web("/healthz")).status == 200)
        }

        @Test(
            "If another user's system with the same prefix has all cameras, the system says so and exits",
            .enabled(if: geteuid() == 0, "requires root"))
        func foreignPrefix() throws {
            let text = "oriel-test-\(getpid())-foreign"
            let name = RingName(prefix: try #require(SystemPrefix(text)), camera: .main, kind: .capture)
            let lock = try Descriptor(opening: name.lockPath, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            defer { File.remove(name.lockPath) }
            try #require(fchown(lock.number, 65_534, 65_534) == 0)
            try #require(try FileLock.tryLock(lock, byte: 0, .exclusive))
            let system = try OrielSystem(environment: ["ORIEL_PREFIX": text], isReadyAwaited: false)
            #expect(system.process.wait(milliseconds: 20_000) == 69, "\(system.output)")
            #expect(system.output.contains("user 65534 runs a system with the prefix \(text)"), "\(system.output)")
            #expect(!system.output.contains("remove"), "\(system.output)")
            #expect((try? FileStatus(at: name.lockPath))?.owner == 65_534)
        }

        @Test("Two systems can run side by side")
        func sideBySide() throws {
            let first = try OrielSystem(environment: ["ORIEL_SIZE": "320x240"])
            let second = try OrielSystem(environment: ["ORIEL_SIZE": "640x480"])
            #expect(try request("GET", first.web("/status/main")).json?["width"]?.number == 320)
            #expect(try request("GET", second.web("/status/main")).json?["width"]?.number == 640)
            let viewer = try StreamViewer(second.web("/video"))
            _ = try #require(try viewer.next())
            #expect(first.stop() == 128 + SIGTERM)
            for _ in 0..<10 { _ = try #require(try viewer.next()) }
        }

        @Test(
            "An invalid setting is refused with an error message and status 64",
            arguments: [
                ["ORIEL_WEB_PORT": "http"], ["ORIEL_WEB_PORT": "70000"], ["ORIEL_PREFIX": "a/b"],
                ["ORIEL_CAMERAS": "Main=pattern"], ["ORIEL_CAMERAS": "pattern"],
                ["ORIEL_CAMERAS": "a=pattern a=pattern"], ["ORIEL_HOSTS": "a;b"], ["ORIEL_SIZE": "large"],
            ])
        func nonsense(setting: [String: String]) throws {
            let system = try OrielSystem(environment: setting)
            #expect(system.process.wait(milliseconds: 20_000) == 64, "\(system.output)")
            #expect(system.output.contains("error:"), "\(system.output)")
        }

        @Test("ORIEL_HOSTS allows more host names")
        func moreHosts() throws {
            let system = try OrielSystem(environment: ["ORIEL_HOSTS": "camera.example door.example"])
            for host in ["camera.example", "door.example:8000"] {
                #expect(try request("GET", system.web("/status"), headers: ["Host": host]).status == 200)
            }
            #expect(try request("GET", system.web("/status"), headers: ["Host": "other.example"]).status == 421)
        }

        @Test("The message at startup says who can watch", arguments: [false, true])
        func password(hasPassword: Bool) throws {
            let folder = TemporaryFolder()
            _ = try ChildProcess.run("cp", ["-r", "\(OrielSystem.root)/deploy/.", folder.path.string])
            Folder.setPermissions(folder.path, 0o755)
            if hasPassword {
                try folder.write("anna:{PLAIN}secret\n", to: "oriel/passwords")
                Folder.setPermissions(folder.path.appending("oriel/passwords"), 0o644)
                _ = try ChildProcess.run(
                    "sed",
                    ["-i", "s|#include oriel/password.conf|include oriel/password.conf|", "\(folder.path)/web.conf"])
            }
            let system = try OrielSystem(environment: ["ORIEL_BIND": "0.0.0.0"], configuration: folder.path)
            #expect(system.output.contains("Press Ctrl-C to stop."), "\(system.output)")
            #expect(system.output.contains("Everyone on the network can watch") == !hasPassword, "\(system.output)")
            #expect(
                system.output.contains("Everyone on the network who knows the password can watch") == hasPassword)
        }

        @Test(
            "A system that is open to the network prints a warning, protects its metrics and refuses unknown host names"
        )
        func open() throws {
            let system = try OrielSystem(environment: ["ORIEL_BIND": "0.0.0.0"])
            #expect(system.output.contains("Everyone on the network can watch"), "\(system.output)")
            #expect(try request("GET", system.web("/metrics")).status == 200)
            let addresses = try ChildProcess.run("hostname", ["-I"]).output.split(whereSeparator: \.isWhitespace)
            for address in addresses where !address.contains(":") {
                let page = "http://\(address):\(system.webPort)"
                #expect(system.output.contains("\(page)/"))
                #expect(try request("GET", "\(page)/healthz").status == 200)
                let refused = try request("GET", "\(page)/metrics")
                #expect(refused.status == 403)
                #expect(refused.json?["error"]?.string == "forbidden")
                let foreign = try request("GET", "\(page)/status", headers: ["Host": "evil.example"])
                #expect(foreign.status == 421)
            }
        }
    }
}
