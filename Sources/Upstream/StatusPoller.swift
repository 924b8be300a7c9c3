import Curl
import Linux
import SharedFrame
import UpstreamAccess

/// Requests the camera's status from an upstream that is Oriel.
///
/// The stream of an offline camera looks like the stream of a slow camera, because both repeat a picture. The status
/// says whether the camera is offline, and why. It also contains the current time of the clock from which the pictures'
/// timestamps come.
///
/// The status is requested before the stream, over the same connection. After that, it is requested when no new picture
/// arrives, and from time to time to follow the clock.
final class StatusPoller {
    /// The result of a request.
    enum Answer: Equatable {
        case status(UpstreamStatus)
        /// The server has responded, but is not Oriel.
        case foreign
        /// The request has failed, or should be retried later. `isConnected` says whether the server was reached.
        case failed(UpstreamProblem, isConnected: Bool)
    }

    /// Why the status is requested.
    enum Occasion {
        /// A picture was repeated, so the camera may be offline.
        case repetition
        /// No new picture arrives.
        case silence
        /// Everything works, but the clocks drift, so the offset is measured again.
        case clock
    }

    private static let maximumByteCount = 256 << 10
    private static let maximumClockInterval = Duration.seconds(10)

    private let address: UpstreamAddress
    private let configuration: UpstreamConfiguration
    private let answer = AnswerBody()
    private let transfer: Transfer
    private var isAsking = false
    private var askedAt = Instant.distantPast
    /// The interval between requests that measure the clock.
    ///
    /// The interval is short at first, to get several samples quickly. The sample with the fastest response is used.
    private var clockInterval = Duration.seconds(1)

    /// Returns nil if the upstream's URL cannot be the address of an Oriel stream.
    init?(_ configuration: UpstreamConfiguration, writer: RingWriter) {
        guard let url = configuration.address.statusURL else { return nil }
        address = configuration.address
        var request = configuration.request(url, accept: "application/json", writer: writer)
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

    /// Requests the status unless a request is in progress.
    func ask(_ loop: TransferLoop) {
        guard !isAsking else { return }
        isAsking = true
        askedAt = .now
        answer.bytes.removeAll(keepingCapacity: true)
        answer.began = 0
        transfer.rewind()
        loop.add(transfer)
    }

    /// Requests the status if the last request is complete and was sent long enough ago.
    ///
    /// Returns whether the status was requested.
    func ask(_ loop: TransferLoop, for occasion: Occasion) -> Bool {
        guard !isAsking, Instant.now - askedAt >= interval(occasion) else { return false }
        if case .clock = occasion { clockInterval = min(clockInterval * 2, Self.maximumClockInterval) }
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

    /// Returns the result of a completed request, or nil if `completion` belongs to another transfer.
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

    /// Returns the time that is `duration` before `realtime`, or 0 if this time is before 1970.
    static func time(_ duration: Duration, before realtime: UInt64) -> UInt64 {
        realtime - min(realtime, UInt64(max(0, duration.nanoseconds)))
    }

    /// Cancels the request in progress, if any.
    func cancel(_ loop: TransferLoop) {
        loop.remove(transfer)
        isAsking = false
    }
}

/// The part of a response body that has arrived so far.
private final class AnswerBody {
    var bytes: [UInt8] = []
    /// When the body began to arrive: CLOCK_REALTIME in nanoseconds.
    var began: UInt64 = 0
}
