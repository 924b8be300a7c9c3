import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

/// A web server can close its connection to the worker at any moment.
@Suite("Disconnecting peers")
struct DepartureTests {
    let ring = TemporaryRing()
    let folder = TemporaryFolder()

    private var socket: FilePath { folder.path.appending("worker.sock") }

    private func start() throws -> ChildProcess {
        let listener = try Socket.listen(at: socket)
        let options = ["--prefix", ring.prefix.text, "--runtime-dir", "\(folder.path)", "--camera", "main"]
        return try ChildProcess(
            "\(try ChildProcess.buildFolder())/mjpeg-fcgi", options, input: listener.number)
    }

    private func status() throws -> FastCGIClient.Answer {
        let client = try FastCGIClient(socket)
        try client.ask("/status/main")
        return try client.answer()
    }

    /// Returns whether the worker has no viewers and uses no more descriptors and threads than `before`.
    private func isAtRest(_ worker: ChildProcess, _ before: ProcessFigures) throws -> Bool {
        guard JSON(try status().text)?["viewers"]?.number == 0 else { return false }
        // The connection that was opened for the status request may still be open.
        let now = try #require(ProcessFigures(of: worker.processIdentifier))
        return now.descriptors <= before.descriptors + 1 && now.threads <= before.threads
    }

    @Test(
        "a peer may disconnect after any byte of its request and before any byte of the response",
        .timeLimit(.minutes(2)))
    func anyByte() throws {
        let worker = try start()
        let camera = try TestCamera(ring.name, framesPerSecond: 30)
        let viewer = try FastCGIClient(socket)
        try viewer.ask("/mjpeg")
        #expect(try viewer.head().status == 200)
        for target in ["/mjpeg", "/snapshot", "/status"] {
            let request = FastCGIClient.request(FastCGIClient.parameters(target))
            for count in 0...request.count {
                let peer = try FastCGIClient(socket)
                try peer.send(Array(request[..<count]))
            }
            for count in stride(from: 1, to: 2500, by: 37) {
                let peer = try FastCGIClient(socket)
                try peer.send(request)
                var bytes = [UInt8](repeating: 0, count: count)
                _ = Socket.receive(from: peer.socket.number, into: &bytes)
            }
        }
        for _ in 0..<10 {
            let part = try #require(try viewer.part())
            #expect(part.body == camera.bytes(of: try #require(part.number)))
        }
        #expect(try eventually(20) { JSON(try status().text)?["viewers"]?.number == 1 })
        #expect(worker.isRunning)
    }

    @Test("ten thousand aborted connections leak nothing", .timeLimit(.minutes(3)))
    func tenThousand() throws {
        let worker = try start()
        let camera = try TestCamera(ring.name, framesPerSecond: 30)
        let request = FastCGIClient.request(FastCGIClient.parameters("/mjpeg"))
        let snapshot = FastCGIClient.request(FastCGIClient.parameters("/snapshot"))
        func comeAndGo(_ count: Int) throws {
            for index in 0..<count {
                let peer = try FastCGIClient(socket)
                switch index % 5 {
                case 0: break
                case 1: try peer.send(Array(request.prefix(index % request.count)))
                case 2: try peer.send(request + FastCGIClient.record(2))
                case 3: try peer.send(snapshot)
                default: try peer.send(request)
                }
                // Wait for a response now and then, so that the listen queue does not overflow.
                if index % 100 == 0 { _ = try status() }
            }
        }
        // The worker keeps the buffers that it allocates for the first connections, so measure its memory only
        // after these connections.
        try comeAndGo(1000)
        #expect(try eventually(20) { JSON(try status().text)?["viewers"]?.number == 0 })
        #expect(eventually(20) { !camera.isWatched })
        let before = try #require(ProcessFigures(of: worker.processIdentifier))
        try comeAndGo(10_000)
        #expect(try eventually(20) { try isAtRest(worker, before) }, "\(before)")
        let after = try #require(ProcessFigures(of: worker.processIdentifier))
        // After many requests, malloc may keep up to 4 MiB of freed memory. A leak of more than 420 bytes for each
        // connection would exceed this limit.
        #expect(after.memory - before.memory < 4 << 20, "\(before) before, \(after) after")
        #expect(try status().status == 200)
    }
}
