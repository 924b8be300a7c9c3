public import Names
public import Service
public import SharedFrame

/// What a streaming worker serves.
public struct FrameServerConfiguration: Sendable {
    /// The program's name, the folder of its counters, its limits.
    public var worker: WorkerConfiguration
    /// What the names of the rings begin with.
    public var prefix: SystemPrefix
    /// Whose rings are served; of a camera that has several, the first of these kinds counts.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even while they have no ring; the first is the one that a path without a name means.
    public var cameras: [CameraName]
    /// Streams at once; further ones are refused with status 503.
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
