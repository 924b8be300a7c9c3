import Drawing
import Linux
import Names
import SharedFrame
import Video4Linux

/// The synthetic camera: a moving picture with the time and the frame number in it.
final class PatternSource: FrameSource {
    let description = SourceDescription(kind: "pattern", device: "pattern", name: "Synthetic camera", format: "YU12")
    private let camera: String
    private let width: Int
    private let height: Int
    private let framesPerSecond: Double
    private var picture: PatternPicture?
    private var schedule: FrameSchedule

    init(_ options: CaptureOptions) {
        camera = options.camera.text
        width = options.size.width
        height = options.size.height
        framesPerSecond = options.framesPerSecond
        schedule = FrameSchedule(framesPerSecond: options.framesPerSecond)
    }

    var descriptor: CInt? { nil }
    var nextFrameTime: UInt64? { schedule.due }
    var watched: WatchedFolder? { nil }

    var lack: SourceTrouble? { nil }

    func entriesChanged(_ names: Set<String>) -> Bool { false }

    func open() throws(SourceTrouble) -> OpenedSource {
        picture = PatternPicture(width: width, height: height, camera: camera)
        schedule.begin(at: Clock.monotonic)
        return OpenedSource(width: width, height: height, framesPerSecond: framesPerSecond)
    }

    func close() {
        picture = nil
    }

    func forget() {}

    func deliver(at now: UInt64, to pipeline: FramePipeline) throws(SourceTrouble) {
        guard picture != nil, schedule.take(at: now) else { return }
        pipeline.countCaptured()
        guard pipeline.admits(now, isRaw: true) else { return }
        let capture = CaptureTime(monotonic: now)
        picture?.draw(realtime: capture.realtime, number: pipeline.nextNumber)
        if let picture { try pipeline.publish(canvas: picture.canvas, capture) }
    }
}
