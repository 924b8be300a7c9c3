import CCurl
import Linux

/// Asks an upstream that is Oriel how its camera is.
///
/// A stream does not tell an offline camera from a slow one: both repeat a picture. The status beside it does, with
/// the reason, and with the clock of the pictures' times.
final class StatusPoller {
    enum Answer: Equatable {
        case status(UpstreamStatus)
        /// The server answers, but not as Oriel does.
        case foreign
        /// No answer, or one that says to come back; `isConnected`: the server itself was reached.
        case failed(UpstreamProblem, isConnected: Bool)
    }

    /// From one question to the next.
    static let intervalNanoseconds: UInt64 = 500_000_000
    /// No sooner than this after the last question, whatever happens.
    private static let shortestNanoseconds: UInt64 = 100_000_000
    private static let maximumByteCount = 256 << 10

    private let address: UpstreamAddress
    private let connectMilliseconds: Int
    private let answer = AnswerBody()
    private let transfer: Transfer
    private var isAsking = false
    private var askedAt: UInt64 = 0

    /// Nil when the upstream's address is none of Oriel's.
    init?(_ configuration: UpstreamConfiguration) {
        guard let url = configuration.address.statusURL else { return nil }
        address = configuration.address
        var request = configuration.request(url, accept: "application/json")
        request.totalMilliseconds = request.connectMilliseconds
        connectMilliseconds = request.connectMilliseconds
        let answer = answer
        transfer = Transfer(request, version: configuration.version) { _, bytes in
            if answer.bytes.isEmpty { answer.began = Clock.realtime }
            guard answer.bytes.count + bytes.byteCount <= Self.maximumByteCount else { return false }
            answer.bytes.append(contentsOf: bytes)
            return true
        }
    }

    /// Asks when it is time; `isUrgent`: as soon as may be.
    func askIfDue(_ loop: TransferLoop, isUrgent: Bool = false) {
        let pause = isUrgent ? Self.shortestNanoseconds : Self.intervalNanoseconds
        guard !isAsking, Clock.monotonic &- askedAt >= pause else { return }
        isAsking = true
        askedAt = Clock.monotonic
        answer.bytes.removeAll(keepingCapacity: true)
        transfer.rewind()
        loop.add(transfer)
    }

    /// Milliseconds until it is time to ask again.
    var millisecondsUntilDue: Int {
        let elapsed = Clock.monotonic &- askedAt
        return elapsed >= Self.intervalNanoseconds ? 0 : Int((Self.intervalNanoseconds - elapsed) / 1_000_000) + 1
    }

    /// What came; nil when another transfer ended.
    func answer(_ completion: TransferLoop.Completion, clock: inout ClockOffset) -> Answer? {
        guard completion.transfer === transfer else { return nil }
        isAsking = false
        if completion.result == CURLE_WRITE_ERROR { return .foreign }
        if let problem = UpstreamProblem(completion, connectMilliseconds: connectMilliseconds) {
            return .failed(problem, isConnected: transfer.connectedMicroseconds != nil)
        }
        if transfer.status >= 500 || transfer.status == 429 {
            return .failed(.status(transfer.status), isConnected: true)
        }
        guard transfer.status == 200, let status = UpstreamStatus(answer.bytes, camera: address.upstreamCamera) else {
            return .foreign
        }
        if let sent = transfer.connectedMicroseconds, let first = transfer.firstByteMicroseconds, first >= sent {
            clock.add(
                upstream: status.now, asked: answer.began - UInt64(first - sent) * 1000, answered: answer.began)
        }
        return .status(status)
    }

    /// Forgets a question that was not answered.
    func cancel(_ loop: TransferLoop) {
        loop.remove(transfer)
        isAsking = false
    }
}

/// The body of an answer while it comes.
private final class AnswerBody {
    var bytes: [UInt8] = []
    /// When its first byte came: CLOCK_REALTIME in nanoseconds.
    var began: UInt64 = 0
}
