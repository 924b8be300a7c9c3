import Detection
import FastCGI
import Linux
import SystemPackage

/// One connection of a web server: one request and its answer.
///
/// The loop's alone.
final class Client {
    enum Phase {
        /// Its request, or the body.
        case arriving
        /// A fresh frame, or a result.
        case waiting
        /// Its answer to be sent.
        case answering
        /// The web server to close, after the answer.
        case lingering
    }

    let token: UInt64
    let socket: Descriptor
    var phase = Phase.arriving
    /// When it is given up (monotonic ns).
    var deadline: UInt64
    var assembler = RequestAssembler()
    var request: Request?
    var route: DetectionRoute?
    var wish: Wish?
    /// The frame that is asked about, when it is a certain one.
    var frame: UInt64?
    var isHeadOnly = false
    /// Bytes of the body that are reserved for it.
    var reserved = 0
    /// The camera whose fresh frame it waits for.
    var camera: WatchedCamera?
    /// The work that it waits for.
    var job: UInt64?
    /// The result that its picture with boxes is being drawn of.
    var result: StoredResult?
    /// Whether the loop is told when the socket takes bytes again.
    var isArmed = false
    private var output: [UInt8] = []
    private var sent = 0

    init(token: UInt64, socket: consuming Descriptor, deadline: UInt64) {
        self.token = token
        self.socket = socket
        self.deadline = deadline
    }

    enum Progress { case done, blocked, failed }

    func begin(_ output: [UInt8]) {
        self.output = output
        sent = 0
    }

    /// Sends until all is out or the socket is full.
    func send() -> Progress {
        while sent < output.count {
            switch Socket.send(output, from: sent, to: socket.number) {
            case .success(let count): sent += count
            case .failure(let errno):
                return errno == .resourceTemporarilyUnavailable || errno == .noMemory ? .blocked : .failed
            }
        }
        output = []
        return .done
    }
}
