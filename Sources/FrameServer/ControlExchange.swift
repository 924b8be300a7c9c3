import FastCGI
import JSON
import Linux
import SystemPackage

/// One request for a camera's controls: what came from the web server, and what the camera's program answers.
///
/// The event loop's alone.
final class ControlExchange {
    /// The longest body of a request, in bytes.
    static let bodyLimit = 16 << 10
    /// The longest answer of a camera's program, in bytes.
    static let answerLimit = 1 << 20
    /// How long a camera's program may take to answer, in nanoseconds.
    static let patience: UInt64 = 1_000_000_000
    /// Requests that wait for cameras at once.
    static let limit = 8

    var assembler = RequestAssembler()
    /// The camera that is meant, once the request's head was found good.
    var camera: Camera?
    var isHeadOnly = false
    /// The connection to the camera's program.
    var socket: ControlSocket?
    private var answer: [UInt8] = []

    /// A connection to a camera's program.
    struct ControlSocket: ~Copyable {
        let descriptor: Descriptor
        let token: UInt64
    }

    /// What ``hear(into:)`` came to.
    enum Progress {
        case incomplete
        case complete(status: Int, body: JSON)
        /// It has closed, or what it says cannot be understood.
        case failed
    }

    /// Takes in what has come of the answer.
    func hear(into buffer: inout [UInt8]) -> Progress {
        guard let number = socket?.descriptor.number else { return .failed }
        while true {
            switch Socket.receive(from: number, into: &buffer) {
            case .success(let count) where count > 0:
                answer += buffer[..<count]
                guard answer.count <= Self.answerLimit else { return .failed }
            case .failure(.resourceTemporarilyUnavailable): return .incomplete
            default: return Self.understand(answer)
            }
            if answer.last == UInt8(ascii: "\n") { return Self.understand(answer) }
        }
    }

    private static func understand(_ answer: [UInt8]) -> Progress {
        guard answer.last == UInt8(ascii: "\n"), let document = JSON(answer), let body = document["answer"],
            case .object = body, let status = document["status"]?.integer, [200, 400, 409, 503].contains(status)
        else { return .failed }
        return .complete(status: Int(status), body: body)
    }
}
