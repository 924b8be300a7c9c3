import Curl
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
    private static let longestClockInterval = Duration.seconds(10)

    private let address: UpstreamAddress
    private let configuration: UpstreamConfiguration
    private let answer = AnswerBody()
    private let transfer: Transfer
    private var isAsking = false
    private var askedAt = Instant.distantPast
    /// From one question for the clock to the next: more often at first, since the quickest answer counts.
    private var clockInterval = Duration.seconds(1)

    /// Returns nil if the upstream's address cannot be one of Oriel's.
    init?(_ configuration: UpstreamConfiguration) {
        guard let url = configuration.address.statusURL else { return nil }
        address = configuration.address
        var request = configuration.request(url, accept: "application/json")
        request.totalTimeout = request.connectTimeout
        self.configuration = configuration
        let answer = answer
        transfer = Transfer(request) { _, bytes in
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
        askedAt = .now
        answer.bytes.removeAll(keepingCapacity: true)
        answer.began = 0
        transfer.rewind()
        loop.add(transfer)
    }

    /// Asks if the last question was long enough ago; returns false if it was not, or is not answered yet.
    func ask(_ loop: TransferLoop, for occasion: Occasion) -> Bool {
        guard !isAsking, Instant.now - askedAt >= interval(occasion) else { return false }
        if case .clock = occasion { clockInterval = min(clockInterval * 2, Self.longestClockInterval) }
        ask(loop)
        return true
    }

    private func interval(_ occasion: Occasion) -> Duration {
        switch occasion {
        case .repetition: .milliseconds(100)
        case .silence: .milliseconds(500)
        case .clock: clockInterval
        }
    }

    /// Returns the answer; nil if another transfer ended.
    func answer(_ completion: TransferLoop.Completion, clock: inout ClockOffset) -> Answer? {
        guard completion.transfer === transfer else { return nil }
        isAsking = false
        if [.refusedByReceiver, .headerTooLarge].contains(completion.result) { return .foreign }
        if let problem = UpstreamProblem(completion, configuration) {
            return .failed(problem, isConnected: transfer.connectTime != nil)
        }
        if transfer.status >= 500 || transfer.status == 429 {
            return .failed(.status(transfer.status), isConnected: true)
        }
        guard transfer.status == 200, let status = UpstreamStatus(answer.bytes, camera: address.upstreamCamera) else {
            return .foreign
        }
        if let sent = transfer.connectTime, let first = transfer.firstByteTime, first >= sent {
            clock.add(
                upstream: status.now, asked: Self.time(first - sent, before: answer.began), answered: answer.began)
        }
        return .status(status)
    }

    /// The time `duration` before `realtime`; 0, the earliest there is, on a clock that has just begun in 1970.
    static func time(_ duration: Duration, before realtime: UInt64) -> UInt64 {
        realtime - min(realtime, UInt64(max(0, duration.nanoseconds)))
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
