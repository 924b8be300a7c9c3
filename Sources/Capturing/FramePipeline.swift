public import Linux
import Logging
import MotionJPEG
import Pacing
public import SharedFrame
import TurboJPEG

/// Publishes a source's pictures: limits their rate, checks, repairs, encodes and turns them.
///
/// The ring counts dropped pictures by reason.
public final class FramePipeline {
    /// The maximum age of the newest picture while nobody watches, and so of a snapshot.
    static let unwatchedInterval = Duration.seconds(1)

    let publisher: FramePublisher
    let options: PictureOptions
    let logger: Logger
    var encoder: JPEGEncoder
    /// Nil if pictures are not turned.
    var turner: PictureTurner?
    private var limit: RateLimit
    private var meter = RateMeter()
    var truncation = TruncationRule()
    var hasNotedTrimming = false
    /// The encoded picture before it is turned; the buffer is reused.
    var encoded: [UInt8] = []
    private var warmUpLeft = 0
    /// When a picture was last encoded, or could not be; nil if none was since the source was opened.
    var lastAttempt: Instant?

    /// When the source last delivered something usable; nil if it has not since it was opened.
    var lastSign: Instant?
    /// Whether a picture has reached the ring since the source was opened.
    var hasPublished = false
    /// Why the last picture was refused, as part of a sentence; nil if it was not.
    public private(set) var lastRefusal: String?
    /// What may help against ``lastRefusal``.
    private(set) var remedy = ""

    init(_ publisher: FramePublisher, _ options: PictureOptions, _ logger: Logger) throws(TurboJPEGError) {
        encoder = try JPEGEncoder(quality: options.quality, subsampling: options.subsampling.jpeg)
        let turn = options.orientation.turn
        turner = turn == .none ? nil : try PictureTurner(turn)
        self.publisher = publisher
        self.options = options
        self.logger = logger
        limit = RateLimit(framesPerSecond: options.framesPerSecond)
    }

    /// Resets the state after a source was opened.
    func begin() {
        warmUpLeft = options.warmUpFrameCount
        limit = RateLimit(framesPerSecond: options.framesPerSecond)
        meter.reset()
        lastAttempt = nil
        lastSign = nil
        hasPublished = false
        lastRefusal = nil
    }

    /// The number of the next picture.
    public var nextNumber: UInt64 { publisher.newestNumber + 1 }

    /// The rate of pictures that arrive and pass the rate limit, in frames per second, whether or not anybody watches.
    func rate(at now: Instant) -> Double { meter.rate(at: now) }

    /// Counts a picture that the source delivered.
    public func countCaptured() { publisher.countCaptured() }

    /// Counts a dropped picture; `sentence` says why.
    public func refuse(_ reason: DropReason, _ sentence: String) {
        publisher.countDropped(reason)
        noteRefusal(reason, sentence)
    }

    private func noteRefusal(_ reason: DropReason, _ sentence: String) {
        lastRefusal = sentence
        remedy =
            switch reason {
            case .flagged, .empty, .noStart, .noFrameHeader, .noScan, .truncated:
                "try another cable or USB port, another --size or --format"
            case .tooLarge, .stale, .rate, .unwatched, .encoder, .other: "choose another --size or --format"
            }
    }

    /// Notes that a picture was published.
    func notePublished(_ capture: CaptureTime) {
        lastSign = Instant(nanoseconds: capture.monotonic)
        lastRefusal = nil
        hasPublished = true
    }

    /// Adds the source's counts; `isDelivered` says whether it also passed on a picture.
    public func count(_ counts: SourceCounts, isDelivered: Bool) {
        for _ in 0..<counts.delivered + counts.missed { publisher.countCaptured() }
        for _ in 0..<counts.stale + counts.missed { publisher.countDropped(.stale) }
        let refusals: [(count: Int, reason: DropReason, sentence: String)] = [
            (counts.flagged, .flagged, "the driver marks it as damaged"), (counts.empty, .empty, "it is empty"),
            (counts.truncated, .truncated, "it is cut off"),
        ]
        for refusal in refusals where refusal.count > 0 {
            for _ in 0..<refusal.count { publisher.countDropped(refusal.reason) }
            if !isDelivered { noteRefusal(refusal.reason, refusal.sentence) }
        }
    }

    /// Whether to publish the picture of `time`; if not, counts it as dropped.
    ///
    /// While nobody watches, one picture a second that must be encoded (`isRaw`) is published; a JPEG always is.
    public func admits(_ time: Instant, isRaw: Bool) -> Bool {
        if warmUpLeft > 0 {
            warmUpLeft -= 1
            lastSign = time
            publisher.countDropped(.other)
            return false
        }
        guard limit.admits(time) else {
            // A picture beyond the rate is as likely to be usable as the last one within it.
            if lastRefusal == nil { lastSign = time }
            publisher.countDropped(.rate)
            return false
        }
        meter.add(time)
        if isRaw, let lastAttempt, time < lastAttempt + Self.unwatchedInterval, !publisher.isWatched {
            // Nor is a picture a sign of life if the last one could not be encoded.
            if lastRefusal == nil { lastSign = time }
            publisher.countDropped(.unwatched)
            return false
        }
        return true
    }
}
