import Linux
import SystemPackage

/// The control socket's thread: a few connections at once, each with little time.
final class ControlLoop {
    /// Connections at once; a further one takes the place of the one that has kept silent for longest.
    static let clientLimit = 16
    /// How long a connection may take to send its line, and to take the answer, in nanoseconds.
    static let patience: UInt64 = 1_000_000_000
    /// The longest line: a request of 16 KiB, every byte of it escaped.
    static let lineLimit = 100 << 10

    private enum Token {
        static let listener: UInt64 = 0
        static let stop: UInt64 = 1
        static let firstClient: UInt64 = 2
    }

    private final class Client {
        let token: UInt64
        let socket: Descriptor
        var deadline: UInt64
        var input: [UInt8] = []
        /// The answer; nil while the line has not come.
        var output: [UInt8]?
        var sent = 0

        init(token: UInt64, socket: consuming Descriptor, deadline: UInt64) {
            self.token = token
            self.socket = socket
            self.deadline = deadline
        }
    }

    private let epoll: Epoll
    private let listener: CInt
    private let service: ControlService
    private var clients: [UInt64: Client] = [:]
    private var nextToken = Token.firstClient
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)

    init(_ listener: CInt, stop: CInt, _ service: ControlService) throws(SystemError) {
        let epoll = try Epoll()
        try epoll.add(listener, .readable, token: Token.listener)
        try epoll.add(stop, .readable, token: Token.stop)
        self.epoll = epoll
        self.listener = listener
        self.service = service
    }

    /// Serves until the descriptor to stop it is readable.
    func run() {
        var events: [Epoll.Event] = []
        while true {
            events.removeAll(keepingCapacity: true)
            try? epoll.wait(into: &events, milliseconds: clients.isEmpty ? -1 : 100)
            for event in events {
                switch event.token {
                case Token.stop: return
                case Token.listener: accept()
                default: if let client = clients[event.token] { advance(client) }
                }
            }
            let now = Clock.monotonic
            for client in clients.values where now >= client.deadline { drop(client) }
        }
    }

    private func accept() {
        for _ in 0..<Self.clientLimit {
            let number: CInt
            switch Socket.accept(from: listener) {
            case .success(let accepted): number = accepted
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure:
                // Without descriptors the same connection would be reported again at once, for ever.
                Poll.wait([], milliseconds: 50)
                return
            }
            let client = Client(
                token: nextToken, socket: Descriptor(owning: number), deadline: Clock.monotonic + Self.patience)
            nextToken += 1
            if clients.count >= Self.clientLimit, let oldest = clients.values.min(by: { $0.token < $1.token }) {
                drop(oldest)
            }
            clients[client.token] = client
            // Who means it has sent the line already.
            advance(client)
            guard clients[client.token] != nil else { continue }
            do throws(SystemError) {
                try epoll.add(number, client.output == nil ? .readable : .writable, token: client.token)
            } catch {
                clients[client.token] = nil
            }
        }
    }

    /// Reads and answers, as far as it goes without waiting for the other side.
    private func advance(_ client: Client) {
        if client.output == nil { receive(client) }
        guard let output = client.output else { return }
        while client.sent < output.count {
            switch Socket.send(output, from: client.sent, to: client.socket.number) {
            case .success(let count): client.sent += count
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure: return drop(client)
            }
        }
        drop(client)
    }

    private func receive(_ client: Client) {
        while true {
            switch Socket.receive(from: client.socket.number, into: &buffer) {
            case .success(0): return drop(client)
            case .success(let count):
                client.input += buffer[..<count]
                if let end = client.input.firstIndex(of: UInt8(ascii: "\n")) {
                    client.output = service.answer(to: Array(client.input[..<end])).line
                    client.input = []
                    client.deadline = Clock.monotonic + Self.patience
                    // Not to be told of what else comes: only of room for the answer.
                    try? epoll.modify(client.socket.number, .writable, token: client.token)
                    return
                }
                if client.input.count > Self.lineLimit { return drop(client) }
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure: return drop(client)
            }
        }
    }

    private func drop(_ client: Client) {
        guard clients.removeValue(forKey: client.token) != nil else { return }
        epoll.remove(client.socket.number)
    }
}
