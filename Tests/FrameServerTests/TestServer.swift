import EventLoop
import FrameServer
import Linux
import Names
import Service
import SharedFrame
import SystemPackage
import TestSupport

/// A frame server on a thread of the test's process, with a socket and rings of its own.
final class TestServer {
    let ring: TemporaryRing
    let folder: TemporaryFolder
    let socket: FilePath
    private let stopper: LoopSignal
    private var thread: Thread?

    /// Starts it.
    ///
    /// `cameras`: those that it is told of; `hasFolder`: whether it counts in a file; `folder`: another server's, to
    /// count together with it.
    init(
        _ ring: TemporaryRing = TemporaryRing(), cameras: [String] = ["main"], kind: RingName.Kind = .capture,
        maximumViewers: Int = 2000, hasFolder: Bool = false, folder shared: TemporaryFolder? = nil,
        socket name: String = "worker.sock"
    ) throws {
        self.ring = ring
        let folder = shared ?? TemporaryFolder()
        self.folder = folder
        let socket = folder.path.appending(name)
        self.socket = socket
        let configuration = FrameServerConfiguration(
            worker: WorkerConfiguration(
                service: "test-fcgi", runtimeFolder: hasFolder || shared != nil ? folder.path : nil),
            prefix: ring.prefix, kinds: [kind], cameras: cameras.compactMap { CameraName($0) },
            maximumViewers: maximumViewers)
        let started = Handover<Result<LoopSignal, any Error>>()
        thread = try Thread("test server") {
            do {
                let listener = try Socket.listen(at: socket)
                try listener.setNonBlocking(true)
                let server = try FrameServer(configuration, listener: listener)
                started.give(.success(server.stopper))
                try server.run()
            } catch {
                started.give(.failure(error))
            }
        }
        stopper = try started.take().get()
    }

    /// Ends the server and waits for it.
    func stop() {
        stopper.stop()
        if let thread = thread.take() { thread.join() }
    }

    /// Tells the server to end, and goes on.
    func beginStop() { stopper.stop() }

    func connect() throws -> FastCGIClient { try FastCGIClient(socket) }

    /// Asks and takes the whole answer.
    func get(
        _ target: String, method: String = "GET", headers: [String: String] = [:]
    ) throws -> FastCGIClient.Answer {
        let client = try connect()
        try client.ask(target, method: method, headers: headers)
        return try client.answer()
    }

    /// Waits until the server has seen all requests that were sent before: it takes them in their order.
    func waitForTurn() throws { _ = try get("/healthz") }

    /// Begins a stream and takes its header.
    func stream(_ target: String = "/mjpeg", headers: [String: String] = [:]) throws -> FastCGIClient {
        let client = try connect()
        try client.ask(target, headers: headers)
        let head = try client.head()
        guard head.status == 200 else { throw FastCGIClient.Failure("status \(head.status)") }
        return client
    }

    deinit {
        stop()
    }
}
