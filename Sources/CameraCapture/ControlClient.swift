import EventLoop
import Linux
import SystemPackage

/// A connection to the control socket.
///
/// It reads one line with a request, and then sends the response.
final class ControlClient: EventHandler {
    enum Input {
        /// The line is not complete yet.
        case waiting
        case line([UInt8])
        /// The connection was closed, or the line is too long.
        case over
    }

    /// The position of this connection in the order in which connections were accepted.
    let number: Int
    let socket: Descriptor
    var token: EventLoop.Token?
    var deadline: Instant
    /// The response; nil until the line with the request is complete.
    var output: [UInt8]?
    private var input: [UInt8] = []
    private var sent = 0
    private unowned let owner: ControlLoop

    init(number: Int, socket: consuming Descriptor, deadline: Instant, _ owner: ControlLoop) {
        self.number = number
        self.socket = socket
        self.deadline = deadline
        self.owner = owner
    }

    func handle(_ events: Epoll.Interest) { owner.advance(self) }

    func receive() -> Input {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            switch Socket.receive(from: socket.number, into: &buffer) {
            case .success(0): return .over
            case .success(let count):
                input += buffer[..<count]
                if let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { input = [] }
                    return .line(Array(input[..<end]))
                }
                if input.count > ControlLoop.maximumLineByteCount { return .over }
            case .failure(.resourceTemporarilyUnavailable): return .waiting
            case .failure: return .over
            }
        }
    }

    /// Sends as much of the response as the socket accepts; returns true if the connection can be closed.
    func send() -> Bool {
        guard let output else { return false }
        while sent < output.count {
            switch Socket.send(output, from: sent, to: socket.number) {
            case .success(let count): sent += count
            case .failure(.resourceTemporarilyUnavailable): return false
            case .failure: return true
            }
        }
        return true
    }
}
