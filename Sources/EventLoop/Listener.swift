public import Linux
import SystemPackage

/// A listening socket that an event loop waits for.
///
/// While it is paused, new connections wait in the kernel. Use it only from the thread of the loop.
public final class Listener: EventHandler {
    private let loop: EventLoop
    private let socket: Descriptor
    private var token: EventLoop.Token?

    /// A closure that receives each new connection, which is non-blocking.
    ///
    /// It returns false if there is no room for another connection, which makes the listener pause.
    public var onConnection: (consuming Descriptor) -> Bool = { _ in true }

    /// A closure that is called when the listener has paused because there is no descriptor or memory for a connection.
    public var onExhaustion: () -> Void = {}

    /// Takes ownership of a non-blocking listening socket.
    ///
    /// Call ``resume()`` to accept connections.
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

    /// Starts to accept connections.
    ///
    /// If the socket cannot be registered with the loop, the next call tries again.
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

    /// Accepts pending connections, but at most 64.
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

    /// A handler that does not retain the listener, although the loop retains the handler.
    private final class Forwarder: EventHandler {
        private weak var listener: Listener?

        init(_ listener: Listener) { self.listener = listener }

        func handle(_ events: Epoll.Interest) { listener?.handle(events) }
    }
}
