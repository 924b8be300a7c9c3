import EventLoop
import FrameServer
import Journal
import Linux
import Names
import Service
import SharedFrame
import SystemPackage
import TestSupport

/// A frame server on a thread of the test process, with its own socket and rings.
final class TestServer {
    let ring: TemporaryRing
    let folder: TemporaryFolder
    let socket: FilePath
    private let stopper: LoopSignal
    private var thread: Thread?

    /// Starts the server.
    ///
    /// If `hasFolder` is true, the server counts its viewers in a file in its own folder. To make two servers share
    /// their counters, pass the folder of the first server to the second.
    init(
        _ ring: TemporaryRing = TemporaryRing(), cameras: [String] = ["main"], kind: RingName.Kind = .capture,
        maximumViewers: Int = 2000, hasFolder: Bool = false, folder shared: TemporaryFolder? = nil,
        socket name: String = "worker.sock", events: JournalFolder? = nil
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
            maximumViewers: maximumViewers, events: events)
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

    /// Stops the server and waits until its thread has ended.
    func stop() {
        stopper.stop()
        if let thread = thread.take() { thread.join() }
    }

    /// Tells the server to stop, but does not wait until it has stopped.
    func beginStop() { stopper.stop() }

    func connect() throws -> FastCGIClient { try FastCGIClient(socket) }

    /// Sends a request and reads the complete response.
    func get(
        _ target: String, method: String = "GET", headers: [String: String] = [:]
    ) throws -> FastCGIClient.Answer {
        let client = try connect()
        try client.ask(target, method: method, headers: headers)
        return try client.answer()
    }

    /// Waits until the server has handled all earlier requests.
    ///
    /// The server handles requests in the order of their arrival.
    func waitForTurn() throws { _ = try get("/healthz") }

    /// Starts a stream and reads its response header, whose status must be 200.
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
