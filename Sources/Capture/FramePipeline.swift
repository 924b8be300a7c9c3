import Logging
import SharedFrame
import TurboJPEG
import Video4Linux

/// Brings what a source delivers into the ring: thinned, checked, repaired, encoded, turned.
///
/// What does not reach the ring is counted there by its reason.
final class FramePipeline {
    /// How old a picture may get that nobody looks at, in nanoseconds: a snapshot is never older than that.
    static let unwatchedInterval: UInt64 = 1_000_000_000

    let publisher: FramePublisher
    let options: CaptureOptions
    let logger: Logger
    var encoder: JPEGEncoder
    /// Nil when pictures stay as they are.
    var turner: PictureTurner?
    private var limit: RateLimit
    private var meter = RateMeter()
    var truncation = TruncationRule()
    var hasNotedTrimming = false
    /// What was encoded before it is turned; kept from picture to picture.
    var encoded: [UInt8] = []
    private var warmUpLeft = 0
    /// When a picture was last encoded; nil when none was since the source was opened.
    var lastEncoded: UInt64?

    /// When the source last gave something usable (CLOCK_MONOTONIC, nanoseconds); nil before it has since it was opened.
    var lastSign: UInt64?
    /// Whether a picture has reached the ring since the source was opened.
    var hasPublished = false
    /// Why the last picture was refused, for a sentence; nil when it was not.
    var lastRefusal: String?

    init(_ publisher: FramePublisher, _ options: CaptureOptions, _ logger: Logger) throws(TurboJPEGError) {
        encoder = try JPEGEncoder(quality: options.quality, subsampling: options.subsampling.jpeg)
        let turn = options.orientation.turn
        turner = turn == .none ? nil : try PictureTurner(turn)
        self.publisher = publisher
        self.options = options
        self.logger = logger
        limit = RateLimit(framesPerSecond: options.framesPerSecond)
    }

    /// Begins anew after a source was opened.
    func begin() {
        warmUpLeft = options.warmUpFrameCount
        limit = RateLimit(framesPerSecond: options.framesPerSecond)
        meter.reset()
        lastEncoded = nil
        lastSign = nil
        hasPublished = false
        lastRefusal = nil
    }

    /// The number that the next picture will have.
    var nextNumber: UInt64 { publisher.newestNumber + 1 }

    /// Frames per second that come and are not thinned out, whether or not anybody looks.
    func rate(at now: UInt64) -> Double { meter.rate(at: now) }

    /// Counts a picture that the source gave.
    func countCaptured() { publisher.countCaptured() }

    /// Counts a picture that was given up, and notes why.
    func refuse(_ reason: DropReason, _ sentence: String) {
        publisher.countDropped(reason)
        lastRefusal = sentence
    }

    /// Counts what happened in the driver's buffers; `isDelivered` says whether a picture came out of them.
    func count(_ counts: BufferCounts, isDelivered: Bool) {
        for _ in 0..<counts.dequeued + counts.missed { publisher.countCaptured() }
        for _ in 0..<counts.stale + counts.missed { publisher.countDropped(.stale) }
        let refusals: [(count: Int, reason: DropReason, sentence: String)] = [
            (counts.flagged, .flagged, "the driver marks it as damaged"), (counts.empty, .empty, "it is empty"),
            (counts.truncated, .truncated, "it is cut off"),
        ]
        for refusal in refusals where refusal.count > 0 {
            for _ in 0..<refusal.count { publisher.countDropped(refusal.reason) }
            if !isDelivered { lastRefusal = refusal.sentence }
        }
    }

    /// Whether the picture of `time` (CLOCK_MONOTONIC, nanoseconds) is to be delivered.
    ///
    /// A picture that must be encoded is, once a second, when nobody looks; a ready JPEG is always.
    func admits(_ time: UInt64, isRaw: Bool) -> Bool {
        if warmUpLeft > 0 {
            warmUpLeft -= 1
            lastSign = time
            publisher.countDropped(.other)
            return false
        }
        guard limit.admits(time) else {
            // A picture that nobody looks at says as much as the last one that was looked at.
            if lastRefusal == nil { lastSign = time }
            publisher.countDropped(.rate)
            return false
        }
        meter.add(time)
        if isRaw, let lastEncoded, time < lastEncoded + Self.unwatchedInterval, !publisher.isWatched {
            lastSign = time
            publisher.countDropped(.unwatched)
            return false
        }
        return true
    }
}
