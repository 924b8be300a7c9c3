public import Detection
public import Names
public import SharedFrame

/// What a detection worker serves.
public struct DetectionServerConfiguration: Sendable {
    /// The program's name, in log lines and in metrics.
    public var service: String
    /// What the names of the rings begin with (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// Whose rings are looked at: the relay's, or those of cameras here.
    public var kind: RingName.Kind
    /// Cameras that exist even while they have no ring; the first is the one that a path without a name means.
    public var cameras: [CameraName]
    /// What to detect with.
    public var detector: DetectorConfiguration
    /// The least confidence that is told where the request does not say.
    public var threshold: Float
    /// Pictures that may wait for their turn; further requests are refused with status 503.
    public var queueLength: Int

    public init(
        service: String = "detect-fcgi", prefix: SystemPrefix, kind: RingName.Kind, cameras: [CameraName],
        detector: DetectorConfiguration, threshold: Float = 0.4, queueLength: Int = 8
    ) {
        self.service = service
        self.prefix = prefix
        self.kind = kind
        self.cameras = cameras
        self.detector = detector
        self.threshold = threshold
        self.queueLength = queueLength
    }
}

/// How much may be under way at once: what arrives beyond it is refused, so that memory is bounded whatever comes.
enum Limit {
    /// Bytes of a picture.
    static let pictureByteCount = 16 << 20
    /// Bytes of a form: the picture, and what stands around it.
    static let bodyByteCount = pictureByteCount + (64 << 10)
    /// Bytes of all bodies that arrive or wait.
    static let bodiesByteCount = 48 << 20
    /// Requests that wait for a result.
    static let waitingCount = 256
    /// Connections.
    static let connectionCount = 2048
    /// Bytes of pictures whose results are kept, and of those that are kept for at least a minute.
    static let storeByteCount = 16 << 20
    static let storeSafeByteCount = 12 << 20
    /// How long a result is kept at least: monotonic nanoseconds, as all times here.
    static let storeTime: UInt64 = 60_000_000_000
    /// How long a connection may take to send its request's head, and from then on each part of its body.
    static let arrivalTime: UInt64 = 5_000_000_000
    /// How long a request waits for a fresh frame.
    static let freshTime: UInt64 = 5_000_000_000
    /// How long it waits for its result.
    static let resultTime: UInt64 = 10_000_000_000
    /// How long the web server may take to close after the answer.
    static let lingerTime: UInt64 = 2_000_000_000
    /// How often at most the files of a detector are looked at again, when somebody asks: when they have changed, it
    /// is loaded.
    static let retryTime: UInt64 = 3_000_000_000
    /// After which a session's niceness can be set again for sure (Linux: 100 ms for all sessions together).
    static let sessionTime: UInt64 = 300_000_000
    /// When it is loaded again, although its files have not changed.
    static let hopelessTime: UInt64 = 60_000_000_000
    /// How old a frame may be, at the least, to be called the camera's newest without waiting for a newer one.
    static let freshAge: UInt64 = 250_000_000
}
