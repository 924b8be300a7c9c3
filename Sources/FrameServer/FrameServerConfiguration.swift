public import Journal
public import Names
public import Service
public import SharedFrame

/// The configuration of a streaming worker.
public struct FrameServerConfiguration: Sendable {
    /// The settings that every kind of worker has, such as the program's name and its limits.
    public var worker: WorkerConfiguration
    /// The prefix of the names of this system's rings (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// The kinds of rings to serve.
    ///
    /// If a camera has rings of several kinds, the worker serves the ring whose kind comes first in this list. The ring
    /// of each camera in ``cameras`` must be of the first kind.
    public var kinds: [RingName.Kind]
    /// The cameras that the worker lists even while they have no ring.
    ///
    /// The first camera in this list is the default camera.
    public var cameras: [CameraName]
    /// The maximum number of concurrent streams.
    ///
    /// Requests for further streams are answered with status 503.
    public var maximumViewers: Int
    /// The journal whose events are served; nil if this worker serves no events.
    public var events: JournalFolder?

    public init(
        worker: WorkerConfiguration, prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName],
        maximumViewers: Int = 2000, events: JournalFolder? = nil
    ) {
        self.worker = worker
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.maximumViewers = maximumViewers
        self.events = events
    }
}
