public import Linux
import Logging
import MotionJPEG
import Pacing
public import SharedFrame
import TurboJPEG

/// Publishes the pictures of a source.
///
/// The pipeline limits their rate, and checks, repairs, encodes and turns them if necessary. Pictures that it drops are
/// counted in the ring, separately for each reason.
public final class FramePipeline {
    /// The interval at which uncompressed pictures are encoded while nobody is watching, to keep snapshots recent.
    static let unwatchedInterval = Duration.seconds(1)

    let publisher: FramePublisher
    let options: PictureOptions
    let logger: Logger
    var encoder: JPEGEncoder
    /// Rotates and mirrors the pictures; nil if pictures are not turned.
    var turner: PictureTurner?
    private var limit: RateLimit
    private var meter = RateMeter()
    var truncation = TruncationRule()
    var hasNotedTrimming = false
    /// The buffer for an encoded picture that is not written directly to the ring.
    ///
    /// It is reused for every picture.
    var encoded: [UInt8] = []
    /// The number of pictures that must still be dropped, because the source was opened a short time ago.
    private var warmUpLeft = 0
    /// When the last attempt to encode a picture was made; nil if there was none since the source was opened.
    var lastAttempt: Instant?

    /// When the source last delivered something usable; nil if it has delivered nothing usable since it was opened.
    var lastSign: Instant?
    /// Whether a picture has reached the ring since the source was opened.
    var hasPublished = false
    /// Why the last picture was refused, as part of a sentence; nil if it was not refused.
    public private(set) var lastRefusal: String?
    /// What a user can do about the problem in ``lastRefusal``, as part of a sentence.
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

    /// Resets the state after the source was opened.
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

    /// The rate of the pictures that pass the rate limit, in frames per second, whether or not anybody is watching.
    func rate(at now: Instant) -> Double { meter.rate(at: now) }

    /// Counts a picture that the source delivered.
    public func countCaptured() { publisher.countCaptured() }

    /// Counts a dropped picture.
    ///
    /// `sentence` says why it is dropped.
    public func refuse(_ reason: DropReason, _ sentence: String) {
        publisher.countDropped(reason)
        noteRefusal(reason, sentence)
    }

    private func noteRefusal(_ reason: DropReason, _ sentence: String) {
        lastRefusal = sentence
        remedy =
            switch reason {
            case .flagged, .empty, .noStart, .noFrameHeader, .noScan, .truncated:
                "try another cable or USB port, or another --size or --format"
            case .tooLarge, .stale, .rate, .unwatched, .encoder, .other: "choose another --size or --format"
            }
    }

    /// Notes that a picture was published.
    func notePublished(_ capture: CaptureTime) {
        lastSign = Instant(nanoseconds: capture.monotonic)
        lastRefusal = nil
        hasPublished = true
    }

    /// Adds the source's counts to the ring's counts.
    ///
    /// `isDelivered` says whether the source also passed a picture to the pipeline. If it did, the pictures that the
    /// source dropped are counted, but they do not set ``lastRefusal``.
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

    /// Returns whether to publish the picture that was captured at `time`; if not, counts it as dropped.
    ///
    /// While nobody is watching, only one picture per second is published if pictures must be encoded (`isRaw`).
    public func admits(_ time: Instant, isRaw: Bool) -> Bool {
        if warmUpLeft > 0 {
            warmUpLeft -= 1
            lastSign = time
            publisher.countDropped(.other)
            return false
        }
        guard limit.admits(time) else {
            // This picture is not checked. Assume that it is usable if the last checked picture was not refused.
            if lastRefusal == nil { lastSign = time }
            publisher.countDropped(.rate)
            return false
        }
        meter.add(time)
        if isRaw, let lastAttempt, time < lastAttempt + Self.unwatchedInterval, !publisher.isWatched {
            // As above, assume that this picture is usable if the last checked picture was not refused.
            if lastRefusal == nil { lastSign = time }
            publisher.countDropped(.unwatched)
            return false
        }
        return true
    }
}
