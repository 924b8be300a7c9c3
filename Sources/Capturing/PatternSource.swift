import Drawing
public import Linux
public import Names
public import SharedFrame

/// The synthetic camera, a source of moving pictures that show the time and the frame number.
public final class PatternSource: FrameSource {
    public let description = SourceDescription(
        kind: "pattern", device: "pattern", name: "Synthetic camera", format: "YU12")
    private let camera: String
    private let width: Int
    private let height: Int
    private let framesPerSecond: Double
    private var picture: PatternPicture?
    private var schedule: FrameSchedule

    /// Creates a source whose pictures have `width` × `height` pixels and show the name of `camera`.
    ///
    /// `framesPerSecond` must be above 0.
    public init(camera: CameraName, width: Int, height: Int, framesPerSecond: Double) {
        self.camera = camera.text
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        schedule = FrameSchedule(framesPerSecond: framesPerSecond)
    }

    public var nextFrameTime: Instant? { schedule.due }

    public func open() throws(SourceError) -> OpenedSource {
        picture = PatternPicture(width: width, height: height, camera: camera)
        schedule.begin(at: .now)
        return OpenedSource(width: width, height: height, framesPerSecond: framesPerSecond)
    }

    public func close() {
        picture = nil
    }

    public func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError) {
        guard picture != nil, schedule.take(at: now) else { return }
        pipeline.countCaptured()
        guard pipeline.admits(now, isRaw: true) else { return }
        let capture = CaptureTime(monotonic: now.nanoseconds)
        picture?.draw(realtime: capture.realtime, number: pipeline.nextNumber)
        if let picture { try pipeline.publish(canvas: picture.canvas, capture) }
    }
}
