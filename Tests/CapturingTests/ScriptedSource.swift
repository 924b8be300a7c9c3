import Linux
import SharedFrame

@testable import Capturing

/// A source controlled by a test.
final class ScriptedSource: FrameSource {
    var description = SourceDescription(kind: "v4l2", device: "/dev/video7", name: "Scripted", format: "MJPG")
    var nextFrameTime: Instant?

    /// Why it cannot be opened; nil if it can.
    var openError: SourceError?
    var opened = OpenedSource(width: 64, height: 48, framesPerSecond: 30)
    /// What the next delivery passes on.
    var pictures: [[UInt8]] = []
    /// How the bytes of ``pictures`` are to be encoded; nil for JPEGs.
    var raw: RawFormat?
    var loss: SourceError?
    var signalLoss: SourceError?
    private(set) var openings: [Instant] = []
    private(set) var closings = 0
    private(set) var isForgotten = false
    /// The test's clock.
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
