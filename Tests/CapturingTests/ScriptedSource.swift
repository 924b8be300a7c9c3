import Linux
import SharedFrame

@testable import Capturing

/// A source of pictures that a test controls.
final class ScriptedSource: FrameSource {
    var description = SourceDescription(kind: "v4l2", device: "/dev/video7", name: "Scripted", format: "MJPG")
    var nextFrameTime: Instant?

    /// The error with which opening fails, or nil if opening succeeds.
    var openError: SourceError?
    var opened = OpenedSource(width: 64, height: 48, framesPerSecond: 30)
    /// The pictures that the next call of `deliver` publishes.
    var pictures: [[UInt8]] = []
    /// The raw format of ``pictures``, or nil if they are JPEGs.
    var raw: RawFormat?
    var loss: SourceError?
    var signalLoss: SourceError?
    private(set) var openings: [Instant] = []
    private(set) var closings = 0
    private(set) var isForgotten = false
    /// The current time of the test's clock.
    ///
    /// Each call of `open` adds this time to ``openings``.
    var now = Instant.distantPast

    func open() throws(SourceError) -> OpenedSource {
        openings.append(now)
        if let openError { throw openError }
        return opened
    }

    func close() { closings += 1 }
    func forget() { isForgotten = true }

    func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError) {
        if let loss { throw loss }
        for picture in pictures {
            pipeline.countCaptured()
            guard pipeline.admits(now, isRaw: raw != nil) else { continue }
            let capture = CaptureTime(monotonic: now.nanoseconds, realtime: now.nanoseconds)
            _ = try picture.withRawSpan { (span) throws(SourceError) in
                if let raw { return try pipeline.publish(pixels: span, raw, capture) }
                return try pipeline.publish(jpeg: span, capture)
            }
        }
        pictures = []
    }

    func entriesChanged(_ names: Set<String>) -> Bool { names.contains("video7") }
}
