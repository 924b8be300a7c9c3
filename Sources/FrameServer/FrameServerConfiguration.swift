public import Names
public import Service
public import SharedFrame

/// The configuration of a streaming worker.
public struct FrameServerConfiguration: Sendable {
    /// The program's name, the folder of its counter file, its limits.
    public var worker: WorkerConfiguration
    /// The prefix of the ring names.
    public var prefix: SystemPrefix
    /// The kinds of rings to serve, in order of preference for a camera with several.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even without a ring; the first is the default camera.
    public var cameras: [CameraName]
    /// The maximum number of concurrent streams; further requests get status 503.
    public var maximumViewers: Int

    public init(
        worker: WorkerConfiguration, prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName],
        maximumViewers: Int = 2000
    ) {
        self.worker = worker
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.maximumViewers = maximumViewers
    }
}
