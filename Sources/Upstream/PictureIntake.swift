import Capturing
import Linux
import MotionJPEG
import SharedFrame

/// Checks an upstream's pictures and publishes them in the camera's ring.
final class PictureIntake {
    /// Whether a picture was published, or why it was not published.
    enum Outcome: Equatable {
        case published
        /// The picture is the same as the last one, or is the upstream's outage picture.
        case repeated
        /// The picture exceeds the maximum rate.
        case tooMany
        case refused(UpstreamProblem)
    }

    /// The limit for frame numbers from an upstream.
    ///
    /// Integers are exact up to 2⁵³ in JavaScript, so the relay can still number further pictures beyond this limit.
    private static let numberLimit: UInt64 = 1 << 52

    private let publisher: FramePublisher
    private var budget = PictureBudget()
    /// The number that the upstream has given to the last published picture, or nil if there was none.
    private var lastUpstreamNumber: UInt64?
    /// The timestamp of the last picture that had one.
    private var lastTimestamp: UInt64?
    private var truncation = TruncationRule()

    /// Whether pictures without an end marker are accepted because most of this camera's pictures lack one.
    var isTruncationAllowed: Bool { truncation.isRelaxed }

    /// The estimated offset of the upstream's clock.
    var clock = ClockOffset()

    /// Whether the upstream's status reports its clock.
    ///
    /// If it does not, the upstream's clock is known only from the pictures' timestamps.
    var hasStatusClock = false

    /// The number of the camera's last picture while the upstream reports that the camera is offline, and nil
    /// otherwise.
    ///
    /// A picture with this number or a lower one is not new: it is the last picture again, or the upstream's outage
    /// picture.
    var offlineNumber: UInt64?

    init(_ publisher: FramePublisher) {
        self.publisher = publisher
        lastUpstreamNumber = publisher.newestNumber
    }

    /// Returns whether the upstream's frame with the given number has arrived.
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
            // If the Content-Length is missing or wrong, the camera may have sent a whole picture that the connection
            // truncated. Such a picture does not count as truncated.
            _ = truncation.note(isTruncated: error == .truncated && headers.contentLength == bytes.byteCount)
            publisher.countDropped(DropReason(error))
            return .refused(Self.problem(error, bytes, headers))
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

    /// Returns the problem of a part that is not a usable picture.
    private static func problem(_ defect: JPEGDefect, _ bytes: RawSpan, _ headers: PartHeaders) -> UpstreamProblem {
        guard defect == .noStart || defect == .empty else { return .notJPEG("\(defect)") }
        if let type = headers.contentType?.prefix(while: { $0 != ";" }).lowercased(), !mayBeJPEG(type) {
            return .otherParts(contentType: UntrustedText.clean(type))
        }
        return .notJPEG(PayloadKind.description(bytes))
    }

    private static func mayBeJPEG(_ type: String) -> Bool {
        type.isEmpty || ["image/jpeg", "image/jpg", "image/pjpeg", "application/octet-stream"].contains(type)
    }

    private func isRepeated(_ number: UInt64) -> Bool {
        if let offlineNumber, number <= offlineNumber { return true }
        return number == lastUpstreamNumber
    }

    /// Returns when a picture was taken: its timestamp, and the same moment on this machine's monotonic clock.
    ///
    /// If the picture has no timestamp, the result is the time of its arrival.
    private func captureTime(_ timestamp: UInt64?, arrival: CaptureTime) -> CaptureTime {
        guard let timestamp, timestamp > 0 else { return arrival }
        // If the last picture had the same timestamp, the server's clock does not run and is useless. The time of
        // arrival is then used instead, converted to the upstream's clock.
        guard timestamp != lastTimestamp else {
            let realtime = Int64(clamping: arrival.realtime).addingReportingOverflow(clock.nanoseconds ?? 0)
            return CaptureTime(
                monotonic: arrival.monotonic,
                realtime: realtime.overflow ? timestamp : UInt64(max(0, realtime.partialValue)))
        }
        lastTimestamp = timestamp
        if hasStatusClock {
            clock.follow(
                pictureOf: timestamp, arrived: arrival.realtime, at: Instant(nanoseconds: arrival.monotonic))
        } else {
            let verdict = clock.add(pictureOf: timestamp, arrived: arrival.realtime)
            // A wrong timestamp says nothing about the picture's age, so the picture is treated as new.
            if verdict == .doubtful { return CaptureTime(monotonic: arrival.monotonic, realtime: timestamp) }
        }
        let offset = clock.nanoseconds ?? 0
        publisher.setClockOffset(nanoseconds: offset)
        let age = Int64(clamping: arrival.realtime) &+ offset &- Int64(clamping: timestamp)
        return CaptureTime(
            monotonic: arrival.monotonic - min(UInt64(max(0, age)), arrival.monotonic), realtime: timestamp)
    }
}
