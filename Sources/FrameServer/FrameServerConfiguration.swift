public import Names
public import Service
public import SharedFrame

/// The configuration of a streaming worker.
public struct FrameServerConfiguration: Sendable {
    /// The program's name, the folder of its counter file, and its limits.
    public var worker: WorkerConfiguration
    /// The first part of the names of rings (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// The kinds of rings to serve.
    ///
    /// If a camera has several rings, the first kind that exists is preferred.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even without a ring.
    ///
    /// The first one is the default camera.
    public var cameras: [CameraName]
    /// The maximum number of concurrent streams.
    ///
    /// Further requests are answered with status 503.
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
