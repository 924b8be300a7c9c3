public import Detection
public import JSON
public import Names
public import Service
public import SharedFrame

/// The configuration of a detection worker.
public struct DetectionServerConfiguration: Sendable {
    /// The program's name and its limits.
    public var worker: WorkerConfiguration
    /// The prefix of the names of this system's rings (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// The kinds of rings to read.
    ///
    /// If a camera has several rings, the ring whose kind comes first in this list is read.
    public var kinds: [RingName.Kind]
    /// Cameras that exist even without a ring.
    ///
    /// The first camera in this list is the default camera.
    public var cameras: [CameraName]
    /// The detector's configuration.
    public var detector: DetectorConfiguration
    /// The minimum confidence of reported objects, unless a request sets another minimum.
    public var threshold: Float
    /// The maximum number of queued pictures.
    ///
    /// Further requests are answered with status 503.
    public var queueLength: Int
    /// The time after which an inference counts as hanging, which makes the program exit.
    ///
    /// Loading the detector may take four times as long.
    public var hangTimeout: Duration
    /// Receives the loaded model, which other parts of this process also use.
    public var model: CurrentModel
    /// Returns the status of live detection, for the status document; empty if there is no live detection.
    public var liveStatus: @Sendable () -> [(String, JSON)]
    /// Returns the number of descriptors that live detection uses.
    public var liveDescriptorCount: @Sendable () -> Int

    public init(
        worker: WorkerConfiguration = WorkerConfiguration(service: "detect-fcgi", maximumConnections: 2048),
        prefix: SystemPrefix, kinds: [RingName.Kind], cameras: [CameraName],
        detector: DetectorConfiguration, threshold: Float = 0.4, queueLength: Int = 8,
        hangTimeout: Duration = .seconds(30), model: CurrentModel = CurrentModel(),
        liveStatus: @escaping @Sendable () -> [(String, JSON)] = { [] },
        liveDescriptorCount: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.worker = worker
        self.prefix = prefix
        self.kinds = kinds
        self.cameras = cameras
        self.detector = detector
        self.threshold = threshold
        self.queueLength = queueLength
        self.hangTimeout = hangTimeout
        self.model = model
        self.liveStatus = liveStatus
        self.liveDescriptorCount = liveDescriptorCount
    }
}

/// Limits for memory and waiting times.
///
/// Requests that exceed them are refused.
enum Limit {
    /// The maximum size of a picture in bytes.
    static let pictureByteCount = 16 << 20
    /// The maximum size in bytes of a form, which contains a picture and other fields.
    static let bodyByteCount = pictureByteCount + (64 << 10)
    /// The maximum total size in bytes of bodies that are being received or are waiting for an inference.
    static let bodiesByteCount = 48 << 20
    /// The maximum number of waiting requests.
    static let waitingCount = 256
    /// The maximum total size in bytes of stored pictures.
    static let storeByteCount = 16 << 20
    /// The maximum total size in bytes of the stored pictures that are guaranteed to be kept for ``storeTime``.
    static let storeSafeByteCount = 12 << 20
    /// The minimum time for which results are kept, if there is room for them.
    static let storeTime: Duration = .seconds(60)
    /// How long a request waits for a fresh frame.
    static let freshTime: Duration = .seconds(5)
    /// How long a request waits for its result.
    static let resultTime: Duration = .seconds(10)
    /// The minimum interval between checks of the detector's files.
    static let retryInterval: Duration = .seconds(3)
    /// The time after which the niceness of the process's session should be set again, because the first attempt may
    /// have failed.
    ///
    /// Linux allows only one such change per 100 ms in the whole system.
    static let sessionTime: Duration = .milliseconds(300)
    /// How often loading the detector is tried again although its files have not changed.
    static let unchangedRetryInterval: Duration = .seconds(60)
    /// The age up to which a frame counts as current, unless three frame intervals of the camera are longer.
    static let freshAge: Duration = .milliseconds(250)
}
