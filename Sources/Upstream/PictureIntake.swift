import Capturing
import Linux
import MotionJPEG
import SharedFrame

/// Checks an upstream's pictures and puts them into the camera's ring.
final class PictureIntake {
    /// What happened to a picture.
    enum Outcome: Equatable {
        case published
        /// The last one again, or the picture that says that the camera is offline.
        case repeated
        /// One of more pictures than are taken.
        case tooMany
        case refused(UpstreamProblem)
    }

    /// Frame numbers stay below 2⁵³, so that JavaScript can hold them; half of that leaves room to count on for ever.
    private static let numberLimit: UInt64 = 1 << 52

    private let publisher: FramePublisher
    private var budget = PictureBudget()
    /// The upstream's number of the last picture that was published.
    private var lastUpstreamNumber: UInt64?
    private var truncation = TruncationRule()

    /// Whether pictures without an end are accepted, because most of this camera's are like that.
    var isTruncationAllowed: Bool { truncation.isRelaxed }

    /// How far the upstream's clock is ahead.
    var clock = ClockOffset()

    /// Whether the upstream's status tells its clock; else only the pictures' times do.
    var isClockTold = false

    /// While the upstream says that its camera is offline: the number of its last picture.
    ///
    /// A picture with this number or a lower one is that picture again, or one that says what is wrong.
    var offlineNumber: UInt64?

    init(_ publisher: FramePublisher) {
        self.publisher = publisher
        lastUpstreamNumber = publisher.newestNumber
    }

    /// Whether the upstream's frame `number` has arrived.
    func hasPicture(_ number: UInt64) -> Bool { lastUpstreamNumber.map { $0 >= number } ?? false }

    /// Publishes a picture that arrived with `headers`.
    func take(_ bytes: RawSpan, _ headers: PartHeaders) -> Outcome {
        let arrival = CaptureTime.now()
        guard budget.take(at: Instant(nanoseconds: arrival.monotonic)) else {
            publisher.countCaptured()
            publisher.countDropped(.rate)
            return .tooMany
        }
        let number = headers.frameNumber.flatMap { $0 < Self.numberLimit ? $0 : nil }
        if let number, isRepeated(number) { return .repeated }
        publisher.countCaptured()
        let info: JPEGInfo
        do throws(JPEGDefect) {
            if let picture = headers.picture {
                info = picture
            } else {
                info = try JPEG.inspect(bytes, isTruncationAllowed: isTruncationAllowed)
            }
            _ = truncation.note(isTruncated: false)
        } catch {
            // A part without a length ends at the next boundary, so it may be the connection that cut it.
            _ = truncation.note(isTruncated: error == .truncated && headers.contentLength == bytes.byteCount)
            publisher.countDropped(DropReason(error))
            return .refused(.notJPEG("\(error)"))
        }
        do {
            try publisher.publish(
                capacity: info.repairedByteCount, capture: captureTime(headers.timestamp, arrival: arrival),
                width: info.width, height: info.height, number: number
            ) { slot in
                JPEG.write(bytes, info, into: &slot)
            }
        } catch {
            publisher.countDropped((error as? RingError)?.kind == .frameTooLarge ? .tooLarge : .other)
            return .refused(.ring("\(error)"))
        }
        if let number { lastUpstreamNumber = number }
        offlineNumber = nil
        return .published
    }

    private func isRepeated(_ number: UInt64) -> Bool {
        if let offlineNumber, number <= offlineNumber { return true }
        return number == lastUpstreamNumber
    }

    /// The picture's own time if it has one, and the same moment on this machine's monotonic clock.
    private func captureTime(_ timestamp: UInt64?, arrival: CaptureTime) -> CaptureTime {
        guard let timestamp else { return arrival }
        if isClockTold {
            clock.follow(
                pictureOf: timestamp, arrived: arrival.realtime, at: Instant(nanoseconds: arrival.monotonic))
        } else {
            let verdict = clock.add(pictureOf: timestamp, arrived: arrival.realtime)
            // A wrong time says nothing about the picture's age: it counts as new.
            if verdict == .doubtful { return CaptureTime(monotonic: arrival.monotonic, realtime: timestamp) }
        }
        let offset = clock.nanoseconds ?? 0
        publisher.setClockOffset(nanoseconds: offset)
        let age = Int64(clamping: arrival.realtime) &+ offset &- Int64(clamping: timestamp)
        return CaptureTime(
            monotonic: arrival.monotonic - min(UInt64(max(0, age)), arrival.monotonic), realtime: timestamp)
    }
}
