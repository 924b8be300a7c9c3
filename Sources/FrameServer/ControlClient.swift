import EventLoop
import FastCGI
import JSON
import Linux
import Names
import Service
import SystemPackage
import Web

/// Reads and sets camera controls through the control sockets of the capture-daemon processes.
///
/// Use it only from the thread of the event loop. Its functions do not block.
final class ControlClient {
    /// The maximum size of a request's body in bytes.
    static let maximumBodyByteCount = 16 << 10
    /// The maximum number of pending requests.
    static let maximumCount = 8

    private let loop: EventLoop
    private let runtimeFolder: FilePath?
    fileprivate var count = 0

    init(_ loop: EventLoop, runtimeFolder: FilePath?) {
        self.loop = loop
        self.runtimeFolder = runtimeFolder
    }

    /// Handles a request for a camera's controls.
    ///
    /// The response is sent when the camera's capture-daemon has replied.
    func begin(_ request: Request, of camera: CameraName, on connection: Connection) throws(HTTPError) {
        guard request.method == "PUT" else {
            return try send(.object([("do", .text("read"))]), to: camera, for: connection)
        }
        try request.checkOrigin()
        guard request.mediaType == "application/json" else {
            throw HTTPError(415, "wrong_type", "Send JSON, as Content-Type: application/json.")
        }
        let length = try request.contentLength()
        let tooLong = HTTPError(
            413, "too_large", "The request body is longer than \(Self.maximumBodyByteCount >> 10) KiB.")
        guard length <= Self.maximumBodyByteCount else { throw tooLong }
        connection.readBody(limit: Self.maximumBodyByteCount, expected: length, tooLong: tooLong) {
            [unowned self, unowned connection] body throws(HTTPError) in
            guard let values = JSON(body), case .object = values else {
                let message = "The body is not a JSON object of controls, such as {\"brightness\": 140}."
                throw HTTPError(400, "bad_request", message)
            }
            try send(.object([("do", .text("set")), ("controls", values)]), to: camera, for: connection)
        }
    }

    /// Sends `request` to the camera's capture-daemon.
    ///
    /// The connection then waits for the reply.
    private func send(_ request: JSON, to camera: CameraName, for connection: Connection) throws(HTTPError) {
        guard count < Self.maximumCount else {
            let message = "\(Self.maximumCount) control requests are already pending; try again."
            throw .temporary("busy", message, retryAfter: 1)
        }
        guard let runtimeFolder else {
            throw Self.unavailable("This server has no runtime folder for control sockets; set --runtime-dir.")
        }
        let path = camera.controlSocket(in: runtimeFolder)
        do throws(SystemError) {
            let socket = try Socket.connect(to: path, isBlocking: false)
            let line = Array((request.text + "\n").utf8)
            // The line fits into the empty buffer of a new socket, so sending fails only in cases in which the daemon
            // could not reply either.
            guard case .success(line.count) = Socket.send(line, from: 0, to: socket.number) else {
                throw SystemError("send", "\(path)", .resourceTemporarilyUnavailable)
            }
            let exchange = ControlExchange(connection, socket, camera, self, loop)
            try exchange.begin()
        } catch {
            let isNotRunning = error.errno == .noSuchFileOrDirectory || error.errno == .connectionRefused
            let reason =
                isNotRunning ? "it is not running, or its socket is not in \(runtimeFolder)" : "\(error)"
            throw Self.unavailable("Cannot reach the capture-daemon of camera '\(camera)': \(reason).")
        }
    }

    fileprivate static func unavailable(_ message: String) -> HTTPError {
        .temporary("controls_unavailable", message, retryAfter: 2)
    }
}

/// A request that waits for the reply of a camera's capture-daemon.
private final class ControlExchange: Exchange, EventHandler {
    /// The maximum size of a reply in bytes.
    private static let maximumAnswerByteCount = 1 << 20
    /// How long capture-daemon may take to reply.
    private static let timeout: Duration = .seconds(1)

    private unowned let connection: Connection
    private let socket: Descriptor
    private let camera: CameraName
    private unowned let client: ControlClient
    private let loop: EventLoop
    private var token: EventLoop.Token?
    private let deadline: Instant
    private var answer: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)

    init(
        _ connection: Connection, _ socket: consuming Descriptor, _ camera: CameraName, _ client: ControlClient,
        _ loop: EventLoop
    ) {
        self.connection = connection
        self.socket = socket
        self.camera = camera
        self.client = client
        self.loop = loop
        deadline = loop.now + Self.timeout
    }

    func begin() throws(SystemError) {
        token = try loop.add(socket.number, .readable, self)
        client.count += 1
        connection.open(self)
    }

    func end() {
        guard let token = token.take() else { return }
        client.count -= 1
        loop.remove(token, number: socket.number)
    }

    func tick() {
        if loop.now >= deadline { fail("did not reply in time") }
    }

    func stop(_ reason: StopReason) { connection.answer(reason.error.response()) }

    func handle(_ events: Epoll.Interest) {
        while true {
            switch Socket.receive(from: socket.number, into: &buffer) {
            case .success(let count) where count > 0:
                answer += buffer[..<count]
                guard answer.count <= Self.maximumAnswerByteCount else { return fail("sent a reply that is too long") }
                if answer.last == UInt8(ascii: "\n") { return parse() }
            case .failure(.resourceTemporarilyUnavailable): return
            default: return parse()
            }
        }
    }

    private func parse() {
        guard answer.last == UInt8(ascii: "\n"), let document = JSON(answer), let body = document["answer"],
            case .object = body, let status = document["status"]?.integer, [200, 400, 409, 503].contains(status)
        else { return fail("sent an invalid reply") }
        let response = Response.json(body, status: Int(status))
        connection.answer(status == 503 ? response.adding("Retry-After", "2") : response)
    }

    private func fail(_ reason: String) {
        let message = "The capture-daemon of camera '\(camera)' \(reason)."
        connection.answer(ControlClient.unavailable(message).response())
    }
}
