public import Detection
public import Names
public import Service
public import SharedFrame

/// What a detection worker serves.
public struct DetectionServerConfiguration: Sendable {
    /// The program's name and its limits.
    public var worker: WorkerConfiguration
    /// What the names of the rings begin with (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// Whose rings are looked at; of a camera that has several, the first of these kinds counts.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even while they have no ring; the first is the one that a path without a name means.
    public var cameras: [CameraName]
    /// What to detect with.
    public var detector: DetectorConfiguration
    /// The minimum confidence where the request does not say.
    public var threshold: Float
    /// Pictures that may wait for their turn; further requests are refused with status 503.
    public var queueLength: Int

    public init(
        worker: WorkerConfiguration = WorkerConfiguration(service: "detect-fcgi", maximumConnections: 2048),
        prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName],
        detector: DetectorConfiguration, threshold: Float = 0.4, queueLength: Int = 8
    ) {
        self.worker = worker
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.detector = detector
        self.threshold = threshold
        self.queueLength = queueLength
    }
}

/// How much may be under way at once: what arrives beyond it is refused, so that memory is bounded.
enum Limit {
    /// Bytes of a picture.
    static let pictureByteCount = 16 << 20
    /// Bytes of a form: the picture, and what stands around it.
    static let bodyByteCount = pictureByteCount + (64 << 10)
    /// Bytes of all bodies that arrive or wait.
    static let bodiesByteCount = 48 << 20
    /// Requests that wait for a result.
    static let waitingCount = 256
    /// Bytes of pictures whose results are kept, and of those that are kept for at least a minute.
    static let storeByteCount = 16 << 20
    static let storeSafeByteCount = 12 << 20
    /// How long a result is kept at least.
    static let storeTime: Duration = .seconds(60)
    /// How long a request waits for a fresh frame.
    static let freshTime: Duration = .seconds(5)
    /// How long it waits for its result.
    static let resultTime: Duration = .seconds(10)
    /// How often at most a detector's files are looked at again when somebody asks: if they have changed, it is loaded.
    static let retryTime: Duration = .seconds(3)
    /// After which a session's niceness can be set again for sure (Linux: 100 ms for all sessions together).
    static let sessionTime: Duration = .milliseconds(300)
    /// When it is loaded again, although its files have not changed.
    static let hopelessTime: Duration = .seconds(60)
    /// How old a frame may be, at the least, to be called the camera's newest without waiting for a newer one.
    static let freshAge: Duration = .milliseconds(250)
}
