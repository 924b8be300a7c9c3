import EventLoop
import Linux
import SystemPackage

/// A connection: reads one line, then sends an answer.
final class ControlClient: EventHandler {
    enum Input {
        /// The line is not complete yet.
        case waiting
        case line([UInt8])
        /// The connection was closed, or the line is too long.
        case over
    }

    /// Increases from connection to connection.
    let number: Int
    let socket: Descriptor
    var token: EventLoop.Token?
    var deadline: Instant
    /// The answer; nil before the line is complete.
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

    /// Sends as much of the answer as the socket accepts; returns true if nothing is left to do.
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
