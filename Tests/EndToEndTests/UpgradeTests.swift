import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("An upgrade", .timeLimit(.minutes(3)))
    struct Upgrade {
        private let folder = TemporaryFolder()

        @Test("Programs can be replaced one by one while viewers watch, and no picture is broken or out of order")
        func programs() throws {
            let names = ["capture-daemon", "mjpeg-fcgi", "relay-fcgi", "detect-fcgi"].filter {
                (try? FileStatus(at: OrielSystem.programs.appending($0))) != nil
            }
            for name in names { try install(name) }
            try folder.link("oriel", to: OrielSystem.programs.appending("oriel"))
            let system = try OrielSystem(environment: ["ORIEL_BIN_DIR": folder.path.string])
            let audience = try Audience(system)
            for name in names {
                try install(name)
                let victim = try #require(system.leader(of: name), "\(name)")
                #expect(!runsInstalled(name, victim), "\(name) runs the new file before its restart")
                kill(victim, SIGTERM)
                let isNew = eventually(60) {
                    system.leader(of: name).map { $0 != victim && runsInstalled(name, $0) } == true
                }
                #expect(isNew, "\(name): \(system.output)")
                #expect(eventually(60) { system.hasFreshPicture }, "\(name)")
            }
            for group in try audience.groups() {
                // Each viewer is disconnected once, by the restart of the worker that serves it.
                #expect(group["cuts"]?.number == Double(Audience.count), "\(group)")
                report("programs replaced: the longest pause was \(group["longest_gap"] ?? .null) s")
            }
        }

        /// Installs a program as a package manager does: writes a new file, then renames it.
        private func install(_ name: String) throws {
            let target = folder.path.appending(name).string
            let copy = try ChildProcess.run("cp", [OrielSystem.programs.appending(name).string, "\(target).new"])
            #expect(copy.status == 0)
            try systemCall("rename", target) { unsafe rename("\(target).new", target) }
        }

        private func runsInstalled(_ name: String, _ process: Int32) -> Bool {
            guard let installed = try? FileStatus(at: folder.path.appending(name)),
                let running = try? FileStatus(at: FilePath("/proc/\(process)/exe"))
            else { return false }
            return running.isSameFile(as: installed)
        }
    }
}
