import Glibc
import Linux
import MotionJPEG
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// A hundred cameras on one host.
    ///
    /// One ordinary user with the default limits runs all programs.
    @Suite("Many cameras", .timeLimit(.minutes(5)))
    struct ManyCameras {
        private static let names = (1...100).map { "camera\($0)" }

        @Test("100 cameras of an ordinary user are all listed and online, and any 20 of them can be streamed")
        func hundredCameras() throws {
            let user = OrdinaryUser()
            guard geteuid() != 0 || OrielSystem.isOpenToOthers else {
                report("skipped: ordinary users cannot read \(OrielSystem.root)")
                return
            }
            let began = Instant.now
            let system = try OrielSystem(
                environment: [
                    "ORIEL_CAMERAS": Self.names.map { "\($0)=pattern" }.joined(separator: " "),
                    "ORIEL_SIZE": "160x120", "ORIEL_FPS": "5", "ORIEL_STATE_DIR": "/nonexistent",
                ], launcher: user.launcher, isReadyAwaited: false)
            try expectAllOnline(system, since: began)
            try expectStreams(system)
            try expectShortPolls(system)
            expectFewResources(system)
        }

        /// Waits until both servers report that all cameras are online.
        private func expectAllOnline(_ system: OrielSystem, since began: Instant) throws {
            for (side, address) in [("camera", system.ingest("/status")), ("page", system.web("/status"))] {
                var cameras: [JSON] = []
                let areOnline = eventually(60) {
                    cameras = (try? request("GET", address))?.json?["cameras"]?.array ?? []
                    return cameras.count == Self.names.count && cameras.allSatisfy { $0["online"]?.bool == true }
                }
                let offline = cameras.filter { $0["online"]?.bool != true }.prefix(3)
                try #require(areOnline, "\(cameras.count) cameras, offline: \(offline)\n\(system.output.suffix(2000))")
                #expect(cameras.compactMap { $0["camera"]?.string } == Self.names)
                report("on the \(side)'s side, all cameras were online after \((Instant.now - began).inSeconds) s")
            }
        }

        /// Watches 20 cameras at once.
        ///
        /// Each picture must be from the right camera, and the frame numbers must increase.
        private func expectStreams(_ system: OrielSystem) throws {
            let prefix = try #require(SystemPrefix(system.prefix))
            let watched = Self.names.shuffled().prefix(20)
            let viewers = try watched.map { try StreamViewer(system.web("/video/\($0)")) }
            for (name, viewer) in zip(watched, viewers) {
                let ring = RingName(prefix: prefix, camera: try #require(CameraName(name)), kind: .capture)
                let subscriber = try FrameSubscriber(ring)
                let deadline = Deadline(seconds: 20)
                var last: UInt64 = 0
                var comparedCount = 0
                while comparedCount < 3, !deadline.isOver {
                    let picture = try #require(try viewer.next(), "\(name): the stream has ended")
                    let number = try #require(picture.number)
                    #expect(number > last, "\(name)")
                    last = number
                    // If the picture arrives late, the ring may no longer contain its frame.
                    guard let frame = subscriber.copyFrame(number: number) else { continue }
                    #expect(picture.bytes == frame.bytes, "\(name), frame \(number)")
                    let info = try picture.bytes.withRawSpan { (span) throws(JPEGDefect) in try JPEG.inspect(span) }
                    #expect((info.width, info.height) == (160, 120), "\(name)")
                    comparedCount += 1
                }
                #expect(comparedCount == 3, "\(name): \(subscriber.refusal ?? "its ring lacked the stream's frames")")
            }
        }

        /// Polls the status and measures the CPU time that the worker's event loop spends on each poll.
        private func expectShortPolls(_ system: OrielSystem) throws {
            for (name, address) in [
                ("mjpeg-fcgi", system.ingest("/status")), ("relay-fcgi", system.web("/status")),
            ] {
                // Wait until no streams are left, since the CPU time for streams must not be counted. The relay keeps
                // its upstream stream open for a while after the relay's viewers have left.
                let haveViewersGone = try eventually(60) {
                    let cameras = try request("GET", address).json?["cameras"]?.array ?? []
                    return cameras.allSatisfy { $0["viewers"]?.number == 0 }
                }
                #expect(haveViewersGone, "\(name)")
                let worker = try #require(system.leader(of: name))
                // Measure several rounds and check their minimum, since a round needs more CPU time while other
                // processes compete for the CPU's caches.
                var rounds: [Duration] = []
                for _ in 0..<5 {
                    let before = try mainThreadTime(of: worker)
                    for _ in 0..<10 { #expect(try request("GET", address).status == 200) }
                    rounds.append((try mainThreadTime(of: worker) - before) / 10)
                }
                let times = rounds.map { "\($0.inSeconds * 1000)" }.joined(separator: ", ")
                report("CPU time of \(name)'s event loop for a status of 100 cameras, in ms, in each round: \(times)")
                #expect(try #require(rounds.min()) <= .milliseconds(5), "\(name)")
            }
        }

        /// Returns the CPU time that a process's main thread has used since it started.
        private func mainThreadTime(of process: Int32) throws -> Duration {
            let file = FilePath("/proc/\(process)/task/\(process)/schedstat")
            let text = String(decoding: try File.contents(of: file), as: UTF8.self)
            return .nanoseconds(try #require(text.split(separator: " ").first.flatMap { Int64($0) }))
        }

        private func expectFewResources(_ system: OrielSystem) {
            let processes = system.processes
            let instances = processes.map { inotifyCount(of: $0.identifier) }.reduce(0, +)
            // Each program that reads rings needs one inotify instance. By default, a user can have at most 128.
            #expect((2..<10).contains(instances))
            report("\(processes.count) processes have \(instances) inotify instances")
            for name in ["mjpeg-fcgi", "relay-fcgi", "capture-daemon"] {
                guard let leader = system.leader(of: name), let figures = ProcessFigures(of: leader) else { continue }
                report("\(name): \(figures)")
            }
            let complaints = [
                "Too many open files", "EMFILE", "no file descriptors", "no descriptor", "max_user_instances",
                "has no counters",
            ]
            let parts = Self.names.map { "capture-\($0)" } + OrielSystem.parts.dropFirst() + ["detect-fcgi"]
            for log in [system.output] + parts.map({ system.log(of: $0) }) {
                let lines = log.split(separator: "\n").filter { line in complaints.contains { line.contains($0) } }
                #expect(lines.isEmpty)
            }
            #expect(!system.output.contains("; restarting"), "\(system.output.suffix(2000))")
        }

        private func inotifyCount(of process: Int32) -> Int {
            let folder = FilePath("/proc/\(process)/fdinfo")
            return Folder.names(in: folder).count { name in
                let text = try? File.contents(of: folder.appending(name))
                return text.map { String(decoding: $0, as: UTF8.self).contains("inotify wd:") } ?? false
            }
        }

        @Test("100 cameras that appear and disappear while mjpeg-fcgi runs are reflected in the next status")
        func arrivals() throws {
            let ring = TemporaryRing()
            let folder = TemporaryFolder()
            let socket = folder.path.appending("worker.sock")
            let listener = try Socket.listen(at: socket)
            let worker = try ChildProcess(
                "sh",
                [
                    "-c", "ulimit -n 1024 && exec \"$0\" \"$@\"",
                    OrielSystem.programs.appending("mjpeg-fcgi").string, "--prefix", ring.prefix.text,
                    "--runtime-dir", "\(folder.path)",
                ], input: listener.number, log: "\(folder.path)/log")
            func listed() throws -> Set<String> {
                let client = try FastCGIClient(socket)
                try client.ask("/status")
                let cameras = JSON(try client.answer().text)?["cameras"]?.array ?? []
                return Set(cameras.compactMap { $0["camera"]?.string })
            }
            #expect(try listed() == ["main"], "without rings, only the default camera is listed")
            var publishers: [FramePublisher] = []
            for (index, name) in Self.names.enumerated() {
                publishers.append(try FramePublisher(ring.ring(name), slotByteCount: 1000, source: .test))
                #expect(try listed() == Set(Self.names[...index]))
            }
            // A camera needs file descriptors only while it is watched, so the limit of 1024 suffices.
            let viewers = try Self.names.shuffled().prefix(20).map { name in
                let client = try FastCGIClient(socket)
                try client.ask("/mjpeg/\(name)")
                #expect(try client.head().status == 200, "\(name)")
                return client
            }
            report("mjpeg-fcgi with 100 rings: \(ProcessFigures(of: worker.processIdentifier)?.description ?? "")")
            withExtendedLifetime(viewers) {}
            for publisher in publishers { publisher.stop(reason: "") }
            #expect(try listed() == ["main"])
            #expect(worker.isRunning)
        }
    }
}

/// The unprivileged user that runs the system.
///
/// If root runs the tests, this is a user that has no other processes. Otherwise, it is the current user.
private struct OrdinaryUser {
    private let number: uid_t? = geteuid() == 0 ? uid_t(62_000 + getpid() % 1000) : nil

    init() {
        if let number { RingOwners.accept([number]) }
    }

    /// The beginning of a command line that gives this user the runtime folder and runs a command as this user.
    var launcher: [String] {
        guard let number else { return [] }
        let script = """
            mkdir -p "$ORIEL_RUNTIME_DIR" && chown \(number) "$ORIEL_RUNTIME_DIR" || exit
            exec setpriv --reuid=\(number) --regid=\(number) --clear-groups --inh-caps=-all "$@"
            """
        return ["sh", "-c", script, "sh"]
    }
}
