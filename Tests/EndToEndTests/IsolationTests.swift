import Glibc
import Linux
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// A system with two cameras, a and b.
    ///
    /// Whatever happens to camera b, or to programs that camera a does not need, a viewer of camera a misses no frame.
    @Suite("A disturbed camera", .timeLimit(.minutes(5)))
    struct Isolation {
        /// A way to disturb camera b, and a way to end the disturbance.
        struct Disturbance: Sendable {
            let name: String
            /// Whether camera b is offline until the disturbance ends.
            var stopsCamera = true
            /// Whether only root can cause the disturbance, for example because it needs a file of another user.
            var needsRoot = false
            let begin: @Sendable (DisturbedSystem) throws -> Void
            let end: @Sendable (DisturbedSystem) throws -> Void
        }

        @Test(
            "Whatever disturbs one of two cameras, the other's viewer misses no frame, and the disturbed camera recovers"
        )
        func isolation() throws {
            let disturbed = try DisturbedSystem()
            try #require(disturbed.system.process.isRunning, "\(disturbed.system.output)")
            #expect(eventually(20) { disturbed.isFresh("a") && disturbed.isFresh("b") }, "\(disturbed.system.output)")
            let witness = try Witness(disturbed.system.web("/video/a"))
            #expect(eventually { witness.numbers.count > 2 })

            for disturbance in Disturbance.all where disturbed.isRoot || !disturbance.needsRoot {
                try disturbance.begin(disturbed)
                if disturbance.stopsCamera {
                    let isGone = eventually(20) { disturbed.isOffline("b") }
                    #expect(isGone, "\(disturbance.name): camera b is still online: \(disturbed.description(of: "b"))")
                }
                try disturbance.end(disturbed)
                let ended = Instant.now
                let isBack = eventually(5) { disturbed.isFresh("b") }
                #expect(isBack, "\(disturbance.name): camera b is not back after 5 s\n\(disturbed.system.output)")
                report("\(disturbance.name): camera b was back after \((Instant.now - ended).inSeconds) s")
                try #require(disturbed.system.process.isRunning, "\(disturbance.name): \(disturbed.system.output)")
            }

            let numbers = witness.stop()
            #expect(!witness.hasEnded, "the viewer of camera a was disconnected")
            #expect(numbers.count > 20)
            let gaps = zip(numbers, numbers.dropFirst()).filter { $1 != $0 + 1 }
            #expect(gaps.isEmpty, "the viewer of camera a missed frames: \(gaps)")
            report("the viewer of camera a saw \(numbers.count) frames without a gap")
            let lines = disturbed.system.output.split(separator: "\n").filter { $0.contains("capture-b exited") }
            #expect(lines.count < 60, "the log says too often why camera b's daemon exited: \(lines)")
        }
    }
}

extension EndToEnd.Isolation.Disturbance {
    /// All ways to disturb camera b.
    static let all: [Self] =
        [64, 66, 69, 73, 77, 78].map { status in
            Self(name: "camera b's daemon exits with \(status)") {
                try $0.replaceDaemon(by: "exit \(status)")
            } end: {
                try $0.restoreDaemon()
            }
        } + [
            Self(name: "camera b's daemon is killed again and again, as when memory runs out") {
                try $0.replaceDaemon(by: "kill -9 $$")
            } end: {
                try $0.restoreDaemon()
            },
            Self(name: "camera b's device does not exist") {
                try $0.replaceDaemon(by: "exec \($0.daemon) --camera b --device /no/such/device")
            } end: {
                try $0.restoreDaemon()
            },
            Self(name: "camera b's daemon gets SIGKILL", stopsCamera: false) { disturbed in
                let victim = disturbed.process("b")
                disturbed.kill("b")
                #expect(eventually { disturbed.process("b").map { $0 != victim } == true })
            } end: { _ in
            },
            Self(name: "camera b's daemon gets SIGSTOP") {
                $0.stop()
            } end: {
                $0.resume()
            },
            Self(name: "/dev/shm is full when camera b's daemon starts", needsRoot: true) { disturbed in
                try disturbed.replaceDaemon(by: "exit 75")
                disturbed.removeRing()
                try disturbed.fill()
                try disturbed.restoreDaemon()
            } end: {
                File.remove($0.filler)
            },
            Self(name: "another user has taken the name of camera b's ring", needsRoot: true) { disturbed in
                try disturbed.replaceDaemon(by: "exit 75")
                disturbed.removeRing()
                try disturbed.squat([], owner: 65_534)
                try disturbed.restoreDaemon()
            } end: {
                $0.removeRing()
            },
            Self(name: "camera b's ring has a newer version of the layout") { disturbed in
                try disturbed.replaceDaemon(by: "exit 75")
                disturbed.removeRing()
                try disturbed.squat(Array("ORIELRNG".utf8) + [2, 0, 0, 0] + [UInt8](repeating: 0, count: 8180))
                try disturbed.restoreDaemon()
                Poll.wait([], milliseconds: 500)
            } end: {
                $0.removeRing()
            },
            Self(name: "a reader holds a lock on camera b's ring", stopsCamera: false) { disturbed in
                try disturbed.replaceDaemon(by: "exit 75")
                disturbed.lockRing()
                try disturbed.restoreDaemon()
                Poll.wait([], milliseconds: 500)
            } end: {
                $0.unlockRing()
            },
            Self(name: "the program file of camera b's daemon is truncated") {
                try $0.truncateProgram()
            } end: {
                try $0.restoreDaemon()
            },
            Self(name: "detect-fcgi is a program that exits at once", stopsCamera: false) {
                try $0.breakDetector()
            } end: {
                try $0.restoreDetector()
            },
            Self(name: "the cleanup process is killed", stopsCamera: false) {
                $0.killTidier()
            } end: { _ in
            },
        ]
}

/// A system whose camera b can be disturbed in many ways.
///
/// If root runs the tests, the system has its own small /dev/shm, in a mount namespace.
final class DisturbedSystem: Sendable {
    let isRoot = geteuid() == 0
    let system: OrielSystem
    /// The real capture-daemon.
    let daemon = OrielSystem.programs.appending("capture-daemon").string
    private let folder = TemporaryFolder()
    private let lock = Mutex<Descriptor?>(nil)

    init() throws {
        let hidden = isRoot
        for program in ["oriel", "mjpeg-fcgi", "relay-fcgi", "detect-fcgi"] {
            try folder.link(program, to: OrielSystem.programs.appending(program))
        }
        let mount = "mount -t tmpfs -o size=48m,mode=1777 tmpfs /dev/shm && exec \"$@\""
        try Self.writeDaemon(folder, daemon)
        system = try OrielSystem(
            environment: [
                "ORIEL_BIN_DIR": folder.path.string, "ORIEL_CAMERAS": "a=pattern b=pattern", "ORIEL_SIZE": "320x240",
                "ORIEL_FPS": "4",
            ], launcher: hidden ? ["unshare", "--mount", "sh", "-c", mount, "sh"] : [])
    }

    /// Writes a script that replaces capture-daemon.
    ///
    /// For camera b, the script first executes the file `disturbance`, if it exists. Then it starts the real program.
    private static func writeDaemon(_ folder: TemporaryFolder, _ daemon: String) throws {
        try folder.write(
            """
            #!/bin/sh
            case " $* " in
                *" --camera b "*) [ ! -e \(folder.path)/disturbance ] || . \(folder.path)/disturbance ;;
            esac
            exec \(daemon) "$@"
            """, to: "capture-daemon.new", permissions: .ownerReadWriteExecute)
        File.move(folder.path.appending("capture-daemon.new"), to: folder.path.appending("capture-daemon"))
    }

    /// Returns whether the web server has a picture of the camera that is at most one second old.
    func isFresh(_ camera: String) -> Bool {
        (try? request("GET", system.web("/snapshot/\(camera)?max_age=1000")))?.status == 200
    }

    /// Returns whether the web server reports that the camera is offline.
    func isOffline(_ camera: String) -> Bool {
        (try? request("GET", system.web("/status/\(camera)")))?.json?["online"] == .bool(false)
    }

    /// Returns a text for a failed expectation: the camera's status on the web server, the processes and the log.
    func description(of camera: String) -> String {
        let status = (try? request("GET", system.web("/status/\(camera)")))?.text ?? "no status"
        let processes = system.processes.map { "\($0.identifier) \($0.commandLine)" }
        return ([status] + processes + [system.output]).joined(separator: "\n")
    }

    // MARK: - The daemon

    /// Returns the process IDs of the camera's daemon.
    private func daemons(of camera: String) -> [Int32] {
        system.processes(with: "--camera \(camera) ").filter { $0.name == "capture-daemon" }.map(\.identifier)
    }

    func kill(_ camera: String) {
        for identifier in daemons(of: camera) { Glibc.kill(identifier, SIGKILL) }
    }

    /// Returns the process ID of the camera's daemon, or nil if the daemon is not running.
    func process(_ camera: String) -> Int32? { daemons(of: camera).first }

    /// Kills camera b's daemon, and makes every later start of the daemon execute `command` first.
    func replaceDaemon(by command: String) throws {
        try folder.write("echo disturbed >&2; \(command)\n", to: "disturbance")
        let victims = daemons(of: "b")
        kill("b")
        #expect(eventually { !ProcessTable().entries.contains { victims.contains($0.identifier) } })
    }

    func restoreDaemon() throws {
        File.remove(folder.path.appending("disturbance"))
        try Self.writeDaemon(folder, daemon)
    }

    func stop() { for identifier in daemons(of: "b") { Glibc.kill(identifier, SIGSTOP) } }
    func resume() { for identifier in daemons(of: "b") { Glibc.kill(identifier, SIGCONT) } }

    /// Replaces the daemon's program file with the first MiB of the file, and kills camera b's daemon.
    func truncateProgram() throws {
        let bytes = try File.contents(of: FilePath(daemon), maximumByteCount: 1 << 30)
        let half = folder.path.appending("half")
        try File.replace(half, with: Array(bytes.prefix(1 << 20)), permissions: 0o700)
        File.move(half, to: folder.path.appending("capture-daemon"))
        kill("b")
    }

    // MARK: - The ring

    /// The path at which the test finds the /dev/shm of the system, which may be in another mount namespace.
    private var memory: FilePath { FilePath("/proc/\(system.process.processIdentifier)/root/dev/shm") }
    private var ring: FilePath { memory.appending("\(system.prefix).b") }
    var filler: FilePath { memory.appending("\(system.prefix).filler") }

    func removeRing() { File.remove(ring) }

    /// Creates a file with the name of camera b's ring.
    func squat(_ bytes: [UInt8], owner: uid_t? = nil) throws {
        let descriptor = try FileDescriptor.open(
            ring, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try descriptor.closeAfter {
            _ = try descriptor.writeAll(bytes)
            if let owner { fchown(descriptor.rawValue, owner, gid_t(owner)) }
        }
    }

    /// Fills the shared memory.
    func fill() throws { _ = try ChildProcess.run("sh", ["-c", "cat /dev/zero 2>/dev/null >\(filler); true"]) }

    /// Tries to take a shared lock on the ring, as any process with read access to the ring can.
    func lockRing() {
        guard let file = try? Descriptor(opening: ring, flags: O_RDONLY) else { return }
        _ = try? FileLock.tryLock(file, byte: 0, .shared)
        let number = file.release()
        lock.withLock { $0 = Descriptor(owning: number) }
    }

    func unlockRing() { lock.withLock { $0 = nil } }

    // MARK: - Other parts

    func breakDetector() throws {
        File.remove(folder.path.appending("detect-fcgi"))
        try folder.link("detect-fcgi", to: "/bin/false")
        for process in system.processes where process.name == "detect-fcgi" { Glibc.kill(process.identifier, SIGKILL) }
        #expect(eventually { system.output.contains("detect-fcgi exited (status 1)") }, "\(system.output)")
    }

    func restoreDetector() throws {
        File.remove(folder.path.appending("detect-fcgi"))
        try folder.link("detect-fcgi", to: OrielSystem.programs.appending("detect-fcgi"))
        #expect(eventually(5) { system.processes.contains { $0.name == "detect-fcgi" } }, "\(system.output)")
    }

    func killTidier() {
        for process in system.processes(with: "oriel tidy ") { Glibc.kill(process.identifier, SIGKILL) }
        #expect(eventually { system.output.contains("and was replaced") }, "\(system.output)")
    }
}

/// A viewer on its own thread that records the number of every frame.
final class Witness: Sendable {
    private struct State {
        var numbers: [UInt64] = []
        var hasEnded = false
        var isStopping = false
    }

    private let state = Mutex(State())

    init(_ url: String) throws {
        try Thread("witness") { [self] in
            do {
                let viewer = try StreamViewer(url)
                while !state.withLock({ $0.isStopping }) {
                    guard let picture = try viewer.next() else { throw HTTPConnection.Failure.ended }
                    state.withLock { state in
                        if let number = picture.number { state.numbers.append(number) }
                    }
                }
            } catch {
                state.withLock { $0.hasEnded = true }
            }
        }.detach()
    }

    var numbers: [UInt64] { state.withLock { $0.numbers } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Stops watching and returns the numbers of all frames.
    func stop() -> [UInt64] {
        state.withLock { state in
            state.isStopping = true
            return state.numbers
        }
    }
}
