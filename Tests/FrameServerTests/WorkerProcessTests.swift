import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// The built program mjpeg-fcgi, with its listening socket at descriptor 0.
@Suite("mjpeg-fcgi")
struct WorkerProcessTests {
    let ring = TemporaryRing()
    let folder = TemporaryFolder()

    private var socket: FilePath { folder.path.appending("worker.sock") }

    private func start(_ arguments: [String] = [], descriptors: Int? = nil) throws -> ChildProcess {
        let listener = try Socket.listen(at: socket)
        let program = "\(try ChildProcess.buildFolder())/mjpeg-fcgi"
        let options = ["--prefix", ring.prefix.text, "--runtime-dir", "\(folder.path)"] + arguments
        guard let descriptors else { return try ChildProcess(program, options, input: listener.number) }
        return try ChildProcess(
            "sh", ["-c", "ulimit -n \(descriptors); exec \"$0\" \"$@\"", program] + options, input: listener.number)
    }

    private func stream(_ target: String = "/mjpeg") throws -> FastCGIClient {
        let client = try FastCGIClient(socket)
        try client.ask(target)
        guard try client.head().status == 200 else { throw FastCGIClient.Failure("no stream") }
        return client
    }

    @Test(
        "a termination signal ends all streams cleanly and soon", .timeLimit(.minutes(1)),
        arguments: [SIGTERM, SIGINT])
    func signal(_ signal: CInt) throws {
        let worker = try start()
        let camera = try TestCamera(ring.name, framesPerSecond: 20, byteCount: 200_000)
        let waiting = try FastCGIClient(socket)
        try waiting.ask("/snapshot?after=9007199254740992")
        let viewers = [try stream(), try stream(), try stream("/mjpeg?advance_headers=1")]
        // The stream of a viewer that stalls in the middle of a frame cannot end cleanly, but must not delay the exit.
        let stuck = try stream()
        for viewer in viewers.prefix(2) { #expect(try viewer.part() != nil) }
        let began = Clock.monotonic
        worker.send(signal)
        for viewer in viewers.prefix(2) {
            while try viewer.part(milliseconds: 3000) != nil {}
            #expect(viewer.hasEnded)
            #expect(viewer.isClosed)
            #expect(viewer.takeOutput() == Array("--frame--\r\n".utf8))
        }
        #expect(try viewers[2].readToClose())
        #expect(viewers[2].hasEnded)
        #expect(viewers[2].takeOutput().suffix(13) == Array("\r\n--frame--\r\n".utf8)[...])
        #expect(try waiting.answer().status == 503)
        #expect(worker.wait(milliseconds: 10_000) == 0)
        #expect(Clock.monotonic - began < 10_000_000_000)
        withExtendedLifetime((camera, stuck)) {}
    }

    @Test("an idle worker exits on SIGTERM with status 0", .timeLimit(.minutes(1)))
    func idle() throws {
        let worker = try start()
        let client = try FastCGIClient(socket)
        try client.ask("/healthz")
        #expect(try client.answer().status == 503)
        worker.send(SIGTERM)
        #expect(worker.wait(milliseconds: 10_000) == 0)
    }

    @Test("with few descriptors, new viewers are refused, and existing viewers continue", .timeLimit(.minutes(1)))
    func descriptors() throws {
        let worker = try start(descriptors: 128)
        let camera = try TestCamera(ring.name, framesPerSecond: 20)
        var viewers: [FastCGIClient] = []
        var refusals = 0
        while refusals < 20 {
            let client = try FastCGIClient(socket)
            try client.ask("/mjpeg")
            let head = try client.head()
            if head.status == 200 { viewers.append(client) } else { refusals += 1 }
            #expect(head.status == 200 || head.status == 503)
            try #require(viewers.count < 128)
        }
        #expect(viewers.count > 40)
        // Open more connections than the worker has descriptors. They send nothing, so they time out.
        let silent = try (0..<150).map { _ in try FastCGIClient(socket) }
        for viewer in viewers {
            let part = try #require(try viewer.part())
            #expect(part.body == camera.bytes(of: try #require(part.number)))
        }
        for client in silent { try #require(try client.readToClose()) }
        let later = try FastCGIClient(socket)
        try later.ask("/status")
        #expect(try later.answer().status == 200)
        #expect(worker.isRunning)
    }

    @Test(
        "a fatal error is one line in the log, and determines the worker's exit status", .timeLimit(.minutes(1)),
        arguments: [
            ([], 64, "listening socket"), (["--camera", "No Name"], 64, "lower-case letters"),
            (["--max-viewers", "0"], 64, "--max-viewers"), (["--max-viewers", "many"], 64, "many"),
            (["--nonsense"], 64, "--nonsense"),
        ] as [([String], CInt, String)])
    func refusals(_ arguments: [String], _ status: CInt, _ word: String) throws {
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let log = folder.path.appending("log")
        let worker = try ChildProcess(
            "\(try ChildProcess.buildFolder())/mjpeg-fcgi", arguments, input: null.number, log: "\(log)")
        #expect(worker.wait() == status)
        try expectOneSentence(log, word)
    }

    @Test("a runtime folder that does not exist and an invalid prefix are refused", .timeLimit(.minutes(1)))
    func places() throws {
        let listener = try Socket.listen(at: socket)
        let log = folder.path.appending("log")
        let program = "\(try ChildProcess.buildFolder())/mjpeg-fcgi"
        let missing = try ChildProcess(
            program, ["--prefix", ring.prefix.text, "--runtime-dir", "\(folder.path)/missing"], input: listener.number,
            log: "\(log)")
        #expect(missing.wait() == 73)
        try expectOneSentence(log, "ORIEL_RUNTIME_DIR")
        let prefix = try ChildProcess(
            program, ["--runtime-dir", "\(folder.path)"], environment: ["ORIEL_PREFIX": "../x"], input: listener.number,
            log: "\(log).prefix")
        #expect(prefix.wait() == 78)
        try expectOneSentence(FilePath("\(log).prefix"), "ORIEL_PREFIX")
    }

    @Test(
        "an entry of ORIEL_RING_OWNERS that is not a user is refused by each program that reads rings",
        .timeLimit(.minutes(1)), arguments: ["mjpeg-fcgi", "relay-fcgi", "detect-fcgi"])
    func ringOwners(_ program: String) throws {
        let listener = try Socket.listen(at: socket)
        let log = folder.path.appending("log")
        let worker = try ChildProcess(
            "\(try ChildProcess.buildFolder())/\(program)", ["--prefix", ring.prefix.text],
            environment: ["ORIEL_RING_OWNERS": "0, no-such-user"], input: listener.number, log: "\(log)")
        #expect(worker.wait(milliseconds: 10_000) == 78)
        try expectOneSentence(log, "ORIEL_RING_OWNERS 'no-such-user' is not a user")
    }

    @Test(
        "without inotify instances, cameras are noticed late; the status, metrics and one log line state the reason",
        .timeLimit(.minutes(1)),
        .enabled(if: geteuid() == 0, "only root can limit the inotify instances of a namespace"))
    func unwatchedFolder() throws {
        let listener = try Socket.listen(at: socket)
        let log = folder.path.appending("log")
        let script = "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\""
        let worker = try ChildProcess(
            "unshare",
            [
                "--user", "--map-root-user", "sh", "-c", script, "\(try ChildProcess.buildFolder())/mjpeg-fcgi",
                "--prefix", ring.prefix.text, "--runtime-dir", "\(folder.path)",
            ], input: listener.number, log: "\(log)")
        func get(_ target: String) throws -> String {
            let client = try FastCGIClient(socket)
            try client.ask(target)
            return try client.answer().text
        }
        for _ in 0..<3 {
            let problem = JSON(try get("/status"))?["problem"]?.string
            #expect(problem?.contains("fs.inotify.max_user_instances") == true, "\(problem ?? "")")
        }
        #expect(try get("/metrics").contains("\noriel_ring_folder_watched 0\n"))
        let camera = try TestCamera(ring.ring("late"), framesPerSecond: 5)
        #expect(try eventually { try get("/status").contains("\"late\"") })
        withExtendedLifetime(camera) {}
        worker.send(SIGTERM)
        #expect(worker.wait(milliseconds: 10_000) == 0)
        let lines = String(decoding: try File.contents(of: log), as: UTF8.self).split(separator: "\n")
        #expect(lines.count { $0.contains("fs.inotify.max_user_instances") } == 1, "\(lines)")
    }

    private func expectOneSentence(_ log: FilePath, _ word: String) throws {
        let file = try FileDescriptor.open(log, .readOnly)
        let text = try file.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = try unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
        #expect(text.hasPrefix("error: "))
        #expect(text.contains(word))
        #expect(text.split(separator: "\n").count == 1, "\(text)")
    }
}
