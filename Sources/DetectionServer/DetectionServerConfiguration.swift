public import Detection
public import Names
public import Service
public import SharedFrame

/// The configuration of a detection worker.
public struct DetectionServerConfiguration: Sendable {
    /// The program's name and its limits.
    public var worker: WorkerConfiguration
    /// The prefix of the ring names (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// The kinds of rings to read, in order of preference for a camera with several.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even without a ring; the first is the default camera.
    public var cameras: [CameraName]
    /// The detector's configuration.
    public var detector: DetectorConfiguration
    /// The default minimum confidence.
    public var threshold: Float
    /// The maximum number of queued pictures; further requests get status 503.
    public var queueLength: Int
    /// Maximum time of an inference before the program ends as hanging; loading the detector may take four times that.
    public var hangTimeout: Duration

    public init(
        worker: WorkerConfiguration = WorkerConfiguration(service: "detect-fcgi", maximumConnections: 2048),
        prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName],
        detector: DetectorConfiguration, threshold: Float = 0.4, queueLength: Int = 8,
        hangTimeout: Duration = .seconds(30)
    ) {
        self.worker = worker
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.detector = detector
        self.threshold = threshold
        self.queueLength = queueLength
        self.hangTimeout = hangTimeout
    }
}

/// Limits that bound memory and waiting times; requests that exceed them are refused.
enum Limit {
    /// The maximum size of a picture.
    static let pictureByteCount = 16 << 20
    /// The maximum size of a form: a picture and its surroundings.
    static let bodyByteCount = pictureByteCount + (64 << 10)
    /// The maximum total size of bodies that are arriving or waiting.
    static let bodiesByteCount = 48 << 20
    /// The maximum number of waiting requests.
    static let waitingCount = 256
    /// The maximum total size of stored pictures, and of those guaranteed to be kept for ``storeTime``.
    static let storeByteCount = 16 << 20
    static let storeSafeByteCount = 12 << 20
    /// The minimum time for which results are kept.
    static let storeTime: Duration = .seconds(60)
    /// How long a request waits for a fresh frame.
    static let freshTime: Duration = .seconds(5)
    /// How long a request waits for its result.
    static let resultTime: Duration = .seconds(10)
    /// The minimum interval between checks of the detector's files.
    static let retryInterval: Duration = .seconds(3)
    /// After which a session's niceness can certainly be set again (Linux allows one change per 100 ms, system-wide).
    static let sessionTime: Duration = .milliseconds(300)
    /// The interval of attempts to load the detector if its files have not changed.
    static let unchangedRetryInterval: Duration = .seconds(60)
    /// The maximum age of a frame to count as current, for fast cameras.
    static let freshAge: Duration = .milliseconds(250)
}
