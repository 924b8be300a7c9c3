public import Detection
public import Journal
public import Names
public import SharedFrame

/// When a camera's frames are analysed.
public enum LiveMode: String, CaseIterable, Sendable {
    /// Never.
    case off
    /// While somebody watches the results.
    case watched
    /// Always.
    case always
}

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
    public var mode: LiveMode
    /// The maximum number of looks per second for each camera.
    public var rate: Double
    /// The number of looks that run at the same time; at least 1.
    public var threads: Int
    /// The share of the threads' time that looks may use, above 0 and up to 1.
    public var load: Double
    /// The names of the classes to track.
    public var labels: [String]
    /// The time after which a look counts as hanging, so that the program exits.
    public var hangTimeout: Duration
    /// The journal to which events are written in mode ``LiveMode/always``; nil if they are not written.
    public var journal: JournalFolder?
    /// The model, which another thread loads.
    public var model: CurrentModel

    /// The classes that are tracked by default: people, vehicles and animals.
    public static let standardLabels = [
        "person", "bicycle", "car", "motorcycle", "bus", "truck", "bird", "cat", "dog", "horse", "sheep", "cow", "bear",
    ]

    public init(
        prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName], mode: LiveMode = .watched,
        rate: Double = 5, threads: Int = 1, load: Double = 0.8, labels: [String] = Self.standardLabels,
        hangTimeout: Duration = .seconds(30), journal: JournalFolder? = nil, model: CurrentModel
    ) {
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.mode = mode
        self.rate = rate
        self.threads = threads
        self.load = load
        self.labels = labels
        self.hangTimeout = hangTimeout
        self.journal = journal
        self.model = model
    }
}
