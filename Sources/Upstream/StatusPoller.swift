import CCurl
import Linux

/// Asks an upstream that is Oriel how its camera is.
///
/// A stream does not tell an offline camera from a slow one: both repeat a picture. The status beside it does, with
/// the reason, and with the clock of the pictures' times. It is asked before the stream, over the same connection;
/// then only when no new picture comes, and now and then for the clock.
final class StatusPoller {
    enum Answer: Equatable {
        case status(UpstreamStatus)
        /// The server answers, but not as Oriel does.
        case foreign
        /// No answer, or one that says to come back; `isConnected`: the server itself was reached.
        case failed(UpstreamProblem, isConnected: Bool)
    }

    /// Why a question is asked.
    enum Occasion {
        /// A picture came once more: the camera may have gone.
        case repetition
        /// No new picture comes.
        case silence
        /// All is well; clocks drift.
        case clock
    }

    private static let maximumByteCount = 256 << 10
    private static let longestClockInterval: UInt64 = 10_000_000_000

    private let address: UpstreamAddress
    private let configuration: UpstreamConfiguration
    private let answer = AnswerBody()
    private let transfer: Transfer
    private var isAsking = false
    private var askedAt: UInt64 = 0
    /// From one question for the clock to the next: a few at first, since the quickest answer counts.
    private var clockInterval: UInt64 = 1_000_000_000

    /// Nil when the upstream's address is none of Oriel's.
    init?(_ configuration: UpstreamConfiguration) {
        guard let url = configuration.address.statusURL else { return nil }
        address = configuration.address
        var request = configuration.request(url, accept: "application/json")
        request.totalMilliseconds = request.connectMilliseconds
        self.configuration = configuration
        let answer = answer
        transfer = Transfer(request, version: configuration.version) { _, bytes in
            if answer.began == 0 { answer.began = Clock.realtime }
            guard answer.bytes.count + bytes.byteCount <= Self.maximumByteCount else { return false }
            answer.bytes.append(contentsOf: bytes)
            return true
        }
    }

    /// Asks.
    func ask(_ loop: TransferLoop) {
        guard !isAsking else { return }
        isAsking = true
        askedAt = Clock.monotonic
        answer.bytes.removeAll(keepingCapacity: true)
        answer.began = 0
        transfer.rewind()
        loop.add(transfer)
    }

    /// Asks if the last question was long enough ago; false when it was not, or is not answered yet.
    func ask(_ loop: TransferLoop, for occasion: Occasion) -> Bool {
        guard !isAsking, Clock.monotonic &- askedAt >= interval(occasion) else { return false }
        if case .clock = occasion { clockInterval = min(clockInterval * 2, Self.longestClockInterval) }
        ask(loop)
        return true
    }

    private func interval(_ occasion: Occasion) -> UInt64 {
        switch occasion {
        case .repetition: 100_000_000
        case .silence: 500_000_000
        case .clock: clockInterval
        }
    }

    /// What came; nil when another transfer ended.
    func answer(_ completion: TransferLoop.Completion, clock: inout ClockOffset) -> Answer? {
        guard completion.transfer === transfer else { return nil }
        isAsking = false
        if completion.result == CURLE_WRITE_ERROR { return .foreign }
        if let problem = UpstreamProblem(completion, configuration) {
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
    /// When it began to come: CLOCK_REALTIME in nanoseconds.
    var began: UInt64 = 0
}
