public import Detection
public import Journal
public import Names
public import SharedFrame

/// The configuration of live detection.
public struct LiveDetectionConfiguration: Sendable {
    /// The first part of the names of rings (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// The kinds of rings to read.
    ///
    /// If a camera has several rings, the first kind that exists is preferred.
    public var kinds: [RingName.Kind]
    /// Cameras that are known even while they have no ring.
    public var cameras: [CameraName]
    /// What is detected in the pictures of each camera.
    public var settings: LiveSettings
    /// The number of looks that run at the same time; at least 1.
    public var threads: Int
    /// The share of the threads' time that looks may use, above 0 and up to 1.
    public var load: Double
    /// The time after which a look counts as hanging, so that the program exits.
    public var hangTimeout: Duration
    /// The journal to which events are written in mode `always`; nil if they are not written.
    public var journal: JournalFolder?
    /// The model, which another thread loads.
    public var model: CurrentModel

    public init(
        prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName], settings: LiveSettings,
        threads: Int = 1, load: Double = 0.8, hangTimeout: Duration = .seconds(30), journal: JournalFolder? = nil,
        model: CurrentModel
    ) {
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.settings = settings
        self.threads = threads
        self.load = load
        self.hangTimeout = hangTimeout
        self.journal = journal
        self.model = model
    }
}
