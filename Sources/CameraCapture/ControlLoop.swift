import EventLoop
import Linux
import SystemPackage

/// The event loop of the control socket's thread, which serves a few short connections at a time.
final class ControlLoop {
    /// The maximum number of connections.
    ///
    /// A further connection replaces the oldest one.
    static let maximumClientCount = 16
    /// How long a client may take to send its line, and then how long it may take to receive the response.
    static let timeout = Duration.seconds(1)
    /// The maximum length of a line in bytes, which is enough for a request of 16 KiB with every byte escaped.
    static let maximumLineByteCount = 100 << 10
    /// How long the loop accepts no connections after accept() has failed.
    ///
    /// When a connection is closed, the loop accepts connections again at once.
    static let acceptPause = Duration.seconds(1)

    private let loop: EventLoop
    private let service: ControlService
    private let listener: CInt
    /// The registration of the listening socket with the event loop; nil while no connections are accepted.
    private var listenerToken: EventLoop.Token?
    /// When the loop will resume accepting connections; in the far future while it is accepting them.
    private var listenerDue = Instant.distantFuture
    private var clients: [ObjectIdentifier: ControlClient] = [:]
    private var nextNumber = 0
    private var isStopping = false

    /// Creates a loop that serves the connections to the socket `listener` until the descriptor `stop` is readable.
    init(_ listener: CInt, stop: CInt, _ service: ControlService) throws(SystemError) {
        self.listener = listener
        self.service = service
        loop = try EventLoop()
        _ = try loop.add(stop, .readable, EventAction { [unowned self] in isStopping = true })
        listen()
    }

    /// Serves connections until the descriptor `stop`, which was passed to the initializer, is readable.
    func run() throws(SystemError) {
        while !isStopping {
            let deadline = clients.values.map(\.deadline).min().map { min($0, listenerDue) } ?? listenerDue
            try loop.turn(timeout: deadline == .distantFuture ? nil : deadline - .now)
            for client in Array(clients.values) where loop.now >= client.deadline { drop(client) }
            if loop.now >= listenerDue { listen() }
        }
    }

    // MARK: Connections

    private func listen() {
        guard listenerToken == nil else { return }
        listenerToken = try? loop.add(listener, .readable, EventAction { [unowned self] in accept() })
        listenerDue = listenerToken == nil ? .now + Self.acceptPause : .distantFuture
    }

    /// Stops accepting connections for a while, after accept() failed, for example because no descriptors are left.
    ///
    /// Without this pause, epoll would report the waiting connection again at once, and the loop would never sleep.
    private func pauseAccepting() {
        if let listenerToken { loop.remove(listenerToken, number: listener) }
        listenerToken = nil
        listenerDue = .now + Self.acceptPause
    }

    private func accept() {
        for _ in 0..<Self.maximumClientCount {
            switch Socket.accept(from: listener) {
            case .success(let number): begin(Descriptor(owning: number))
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure: return pauseAccepting()
            }
        }
    }

    private func begin(_ socket: consuming Descriptor) {
        if clients.count >= Self.maximumClientCount, let oldest = clients.values.min(by: { $0.number < $1.number }) {
            drop(oldest)
        }
        nextNumber += 1
        let client = ControlClient(number: nextNumber, socket: socket, deadline: .now + Self.timeout, self)
        clients[ObjectIdentifier(client)] = client
        // Most clients have already sent their line, so try to read it before waiting for the socket.
        advance(client)
        guard clients[ObjectIdentifier(client)] != nil else { return }
        do throws(SystemError) {
            client.token = try loop.add(
                client.socket.number, client.output == nil ? .readable : .writable, client)
        } catch {
            drop(client)
        }
    }

    /// Continues to read the request or to send the response, as far as that is possible without blocking.
    func advance(_ client: ControlClient) {
        if client.output == nil {
            switch client.receive() {
            case .waiting: return
            case .line(let line):
                client.output = service.answer(to: line).line
                client.deadline = .now + Self.timeout
                // The request is complete, so wait only until the socket has room for the response.
                if let token = client.token { loop.modify(token, number: client.socket.number, .writable) }
            case .over: return drop(client)
            }
        }
        if client.send() { drop(client) }
    }

    private func drop(_ client: ControlClient) {
        guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
        if let token = client.token { loop.remove(token, number: client.socket.number) }
        // Dropping a client frees a descriptor, so accept() may succeed again. The descriptor is closed when the last
        // reference to the client is released, which happens before the next turn of the loop.
        if listenerToken == nil { listenerDue = .distantPast }
    }
}

/// A handler that calls a closure.
private final class EventAction: EventHandler {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) { self.action = action }

    func handle(_ events: Epoll.Interest) { action() }
}
