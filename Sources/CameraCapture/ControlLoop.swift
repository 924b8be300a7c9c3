import EventLoop
import Linux
import SystemPackage

/// The control socket's thread: serves a few connections at once, each for a short time.
final class ControlLoop {
    /// The maximum number of connections; another one replaces the oldest.
    static let maximumClientCount = 16
    /// The time a connection has to send its line, and again to receive the answer.
    static let timeout = Duration.seconds(1)
    /// The maximum length of a line: a request of 16 KiB with every byte escaped.
    static let maximumLineByteCount = 100 << 10
    /// How long accepting pauses after it failed, unless a client leaves before.
    static let acceptPause = Duration.seconds(1)

    private let loop: EventLoop
    private let service: ControlService
    private let listener: CInt
    /// Nil while accepting is paused.
    private var listenerToken: EventLoop.Token?
    private var listenerDue = Instant.distantFuture
    private var clients: [ObjectIdentifier: ControlClient] = [:]
    private var nextNumber = 0
    private var isStopping = false

    /// Serves the connections to `listener` until `stop` is readable.
    init(_ listener: CInt, stop: CInt, _ service: ControlService) throws(SystemError) {
        self.listener = listener
        self.service = service
        loop = try EventLoop()
        _ = try loop.add(stop, .readable, EventAction { [unowned self] in isStopping = true })
        listen()
    }

    /// Serves until `stop` is readable.
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

    /// If accept fails, for want of descriptors for example, epoll would keep reporting the connection.
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
        // Most clients have already sent their line.
        advance(client)
        guard clients[ObjectIdentifier(client)] != nil else { return }
        do throws(SystemError) {
            client.token = try loop.add(
                client.socket.number, client.output == nil ? .readable : .writable, client)
        } catch {
            drop(client)
        }
    }

    /// Reads and answers as far as possible without blocking.
    func advance(_ client: ControlClient) {
        if client.output == nil {
            switch client.receive() {
            case .waiting: return
            case .line(let line):
                client.output = service.answer(to: line).line
                client.deadline = .now + Self.timeout
                // From now on only wait for room for the answer.
                if let token = client.token { loop.modify(token, number: client.socket.number, .writable) }
            case .over: return drop(client)
            }
        }
        if client.send() { drop(client) }
    }

    private func drop(_ client: ControlClient) {
        guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
        if let token = client.token { loop.remove(token, number: client.socket.number) }
        // The client's descriptor is free once its last reference is released, at the latest after this turn.
        if listenerToken == nil { listenerDue = .distantPast }
    }
}

/// A handler that calls a closure.
private final class EventAction: EventHandler {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) { self.action = action }

    func handle(_ events: Epoll.Interest) { action() }
}
