import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Someone removes or damages files in the runtime folder of a running system, or fills it.
    @Suite("The runtime folder", .timeLimit(.minutes(5)))
    struct Removal {
        private func isFresh(_ system: OrielSystem) -> Bool {
            (try? request("GET", system.web("/snapshot?max_age=1000")))?.status == 200
        }

        private func kill(_ name: String, of system: OrielSystem, by signal: CInt = SIGKILL) {
            for process in system.processes(with: name) { Glibc.kill(process.identifier, signal) }
        }

        private func exists(_ path: FilePath) -> Bool { (try? FileStatus(at: path)) != nil }

        @Test("If the runtime folder is removed, the system creates it again and recovers within seconds")
        func folder() throws {
            let system = try OrielSystem()
            try #require(isFresh(system), "\(system.output)")
            Folder.remove(system.runtime)
            #expect(eventually(30) { isFresh(system) }, "\(system.output)")
            #expect(eventually(30) { (try? request("GET", system.web("/")))?.status == 200 }, "\(system.output)")
            kill("capture-daemon", of: system)
            #expect(eventually(30) { exists(system.runtime.appending("log/capture-main.log")) })
            #expect(eventually(30) { isFresh(system) }, "\(system.output)")
            #expect(system.stop() == 128 + SIGTERM)
            #expect(!exists(system.runtime))
        }

        @Test("If something takes the place of the runtime folder for a while, no program is stopped")
        func replaced() throws {
            let system = try OrielSystem()
            try #require(isFresh(system), "\(system.output)")
            let before = Set(system.processes.map(\.identifier))
            let aside = FilePath("\(system.runtime).aside")
            File.move(system.runtime, to: aside)
            try File.replace(system.runtime, with: Array("precious".utf8), permissions: 0o600)
            let sentence = "cannot create the runtime folder"
            #expect(eventually(30) { system.output.contains(sentence) }, "\(system.output)")
            File.remove(system.runtime)
            File.move(aside, to: system.runtime)
            #expect(isFresh(system), "\(system.output)")
            #expect(before.isSubset(of: system.processes.map(\.identifier)), "\(system.output)")
            #expect(!system.output.contains("restarting") && !system.output.contains("could not be started"))
            #expect(system.output.split(separator: "\n").count { $0.contains(sentence) } == 1, "\(system.output)")
            #expect(system.stop() == 128 + SIGTERM)
            #expect(!exists(system.runtime))
        }

        @Test("If the socket for a camera's controls is removed, the camera's pictures continue")
        func controlSocket() throws {
            let system = try OrielSystem()
            let path = CameraName.main.controlSocket(in: system.runtime)
            let before = system.processes(with: "capture-daemon").map(\.identifier)
            #expect(eventually(30) { exists(path) && isFresh(system) }, "\(system.output)")
            // When the lock file has been created again twice, the supervisor has seen the socket.
            let lock = system.runtime.appending("supervisor.lock")
            for _ in 0..<2 {
                File.remove(lock)
                #expect(eventually(30) { exists(lock) }, "\(system.output)")
            }
            File.remove(path)
            let sentence = "\(path) is missing; the camera's controls cannot be set until capture-main is restarted"
            #expect(eventually(30) { system.output.contains(sentence) }, "\(system.output)")
            #expect(isFresh(system), "\(system.output)")
            #expect(system.processes(with: "capture-daemon").map(\.identifier) == before, "\(system.output)")
        }

        @Test("If the folder of the logs is removed, a program that exits is restarted all the same")
        func logFolder() throws {
            let system = try OrielSystem()
            Folder.remove(system.runtime.appending("log"))
            let before = system.processes(with: "capture-daemon").map(\.identifier)
            kill("capture-daemon", of: system)
            #expect(
                eventually(30) {
                    let now = system.processes(with: "capture-daemon").map(\.identifier)
                    return !now.isEmpty && now != before && isFresh(system)
                }, "\(system.output)")
            #expect(!system.output.contains("could not be started"), "\(system.output)")
        }

        @Test("If a worker's socket is removed, the worker is restarted within seconds", arguments: ["relay", "mjpeg"])
        func socket(worker: String) throws {
            let system = try OrielSystem()
            let path = system.runtime.appending("\(worker)-fcgi.sock")
            File.remove(path)
            #expect(eventually(30) { exists(path) }, "\(system.output)")
            #expect(eventually(30) { isFresh(system) }, "\(system.output)")
            #expect(system.output.contains("\(worker)-fcgi.sock is missing; restarting \(worker)-fcgi"))
        }

        @Test(
            "If nginx's configuration in the runtime folder is damaged or removed, it is generated again",
            arguments: [false, true])
        func nginx(isRemoved: Bool) throws {
            let system = try OrielSystem()
            let folder = system.runtime.appending("nginx-web")
            if isRemoved {
                Folder.remove(folder)
            } else {
                try File.replace(folder.appending("nginx.conf"), with: Array("nonsense".utf8), permissions: 0o644)
                let masters = system.processes(with: "nginx-web").map(\.identifier)
                kill("nginx-web", of: system, by: SIGTERM)
                #expect(
                    eventually(30) { !system.processes(with: "nginx-web").contains { masters.contains($0.identifier) } }
                )
            }
            let isBack = eventually(30) { exists(folder.appending("nginx.conf")) && isFresh(system) }
            #expect(isBack, "\(system.output)")
        }

        @Test("The log of a program that writes without end is limited while the program runs")
        func endlessLog() throws {
            let folder = TemporaryFolder()
            Folder.setPermissions(folder.path, 0o755)
            for program in ["oriel", "capture-daemon", "mjpeg-fcgi", "relay-fcgi"] {
                try folder.link(program, to: OrielSystem.programs.appending(program))
            }
            try folder.write(
                "#!/bin/sh\nexec yes 'a line that a faulty program repeats without end' >&2\n", to: "detect-fcgi",
                permissions: .ownerReadWriteExecute)
            let system = try OrielSystem(environment: ["ORIEL_BIN_DIR": folder.path.string])
            let log = system.runtime.appending("log/detect-fcgi.log")
            #expect(
                eventually(30) { system.output.contains("The log of detect-fcgi was larger than 10 MiB") },
                "\(system.output)")
            // The log grows again between two checks, so look for the moment after a check.
            #expect(eventually(30) { (try? FileStatus(at: log)).map { $0.byteCount < 10 << 20 } ?? false })
            #expect(try FileStatus(at: FilePath("\(log).old")).byteCount <= 4 << 20)
            #expect(isFresh(system), "\(system.output)")
        }
    }
}
