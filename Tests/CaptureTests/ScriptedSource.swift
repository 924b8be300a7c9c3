import Linux
import SharedFrame

@testable import Capture

/// A source that does what a test tells it.
final class ScriptedSource: FrameSource {
    var description = SourceDescription(kind: "v4l2", device: "/dev/video7", name: "Scripted", format: "MJPG")
    var descriptor: CInt? { nil }
    var nextFrameTime: UInt64?
    var watched: WatchedFolder? { nil }

    /// Why it cannot be opened; nil: it can.
    var openTrouble: SourceTrouble?
    var opened = OpenedSource(width: 64, height: 48, framesPerSecond: 30)
    /// What the next delivery brings.
    var pictures: [[UInt8]] = []
    var loss: SourceTrouble?
    var lack: SourceTrouble?
    private(set) var openings: [UInt64] = []
    private(set) var closings = 0
    private(set) var isForgotten = false
    /// The time that the test has made up.
    var now: UInt64 = 0

    func open() throws(SourceTrouble) -> OpenedSource {
        openings.append(now)
        if let openTrouble { throw openTrouble }
        return opened
    }

    func close() { closings += 1 }
    func forget() { isForgotten = true }

    func deliver(at now: UInt64, to pipeline: FramePipeline) throws(SourceTrouble) {
        if let loss { throw loss }
        for picture in pictures {
            pipeline.countCaptured()
            guard pipeline.admits(now, isRaw: false) else { continue }
            _ = try picture.withRawSpan { (span) throws(SourceTrouble) in
                try pipeline.publish(jpeg: span, CaptureTime(monotonic: now, realtime: now), isRepaired: true)
            }
        }
        pictures = []
    }

    func entriesChanged(_ names: Set<String>) -> Bool { names.contains("video7") }
}
