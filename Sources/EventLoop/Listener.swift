public import Linux
import SystemPackage

/// A listening socket of an event loop; while it is paused, new connections wait in the kernel.
///
/// It belongs to the loop's thread.
public final class Listener: EventHandler {
    private let loop: EventLoop
    private let socket: Descriptor
    private var token: EventLoop.Token?

    /// Receives each new connection, which is non-blocking; returns false if there is no room for another one, and the
    /// listener pauses.
    public var onConnection: (consuming Descriptor) -> Bool = { _ in true }

    /// Called after the process ran out of descriptors or memory for a connection and the listener paused.
    public var onExhaustion: () -> Void = {}

    /// Takes over a non-blocking listening socket; ``resume()`` starts accepting.
    public init(_ socket: consuming Descriptor, loop: EventLoop) {
        self.socket = socket
        self.loop = loop
    }

    deinit {
        if let token { loop.remove(token, number: socket.number) }
    }

    /// Whether new connections are accepted.
    public var isOpen: Bool { token != nil }

    /// Whether clients connect through a Unix socket.
    public var isLocal: Bool { Socket.isLocal(socket.number) }

    /// Starts accepting connections; if registering with the loop fails, the next call retries.
    public func resume() {
        guard token == nil else { return }
        token = try? loop.add(socket.number, [.readable, .exclusive], Forwarder(self))
    }

    /// Stops accepting connections.
    public func pause() {
        guard let token else { return }
        self.token = nil
        loop.remove(token, number: socket.number)
    }

    /// Accepts pending connections, at most 64 at once.
    public func handle(_ events: Epoll.Interest) {
        for _ in 0..<64 {
            switch Socket.accept(from: socket.number) {
            case .success(let number):
                guard onConnection(Descriptor(owning: number)) else { return pause() }
            case .failure(.tooManyOpenFiles), .failure(.tooManyOpenFilesInSystem), .failure(.noMemory):
                pause()
                onExhaustion()
                return
            case .failure: return
            }
        }
    }

    /// Prevents the loop from retaining the listener.
    private final class Forwarder: EventHandler {
        private weak var listener: Listener?

        init(_ listener: Listener) { self.listener = listener }

        func handle(_ events: Epoll.Interest) { listener?.handle(events) }
    }
}
