/// What a writer says of its camera.
public enum CameraState: UInt32, CaseIterable, Sendable {
    /// Pictures come.
    case live = 1
    /// Nobody asks, and the last attempt at the source succeeded.
    case idle
    /// The source is not there, busy, forbidden or has no usable format; the writer tries again.
    case waiting
    /// The source is there and says that it has no picture.
    case noSignal
    /// The source gives nothing and reports no error, or the writer itself hangs.
    case stalled
    /// The writer has ended.
    case stopped
    /// The source fails in a way that does not mend itself.
    case error

    /// As it stands in the status document.
    public var name: String {
        switch self {
        case .live: "live"
        case .idle: "idle"
        case .waiting: "waiting"
        case .noSignal: "no_signal"
        case .stalled: "stalled"
        case .stopped: "stopped"
        case .error: "error"
        }
    }
}

/// Why a picture of the source did not reach the ring; the raw value is its place in the header.
public enum DropReason: Int, CaseIterable, Sendable {
    /// The driver flagged the buffer (V4L2_BUF_FLAG_ERROR).
    case flagged
    /// A buffer without bytes.
    case empty
    /// No SOI at the start: not a JPEG.
    case noStart
    /// No frame header (SOF).
    case noFrameHeader
    /// No scan (SOS).
    case noScan
    /// No EOI at the end.
    case truncated
    /// Longer than the largest slot.
    case tooLarge
    /// A newer one was there already.
    case stale
    /// More than the rate asked for.
    case rate
    /// A raw picture that nobody asked for.
    case unwatched
    /// The encoder or the transform refused it.
    case encoder
    case other

    /// As it stands in the status document.
    public var name: String {
        switch self {
        case .flagged: "flagged"
        case .empty: "empty"
        case .noStart: "no_start"
        case .noFrameHeader: "no_frame_header"
        case .noScan: "no_scan"
        case .truncated: "truncated"
        case .tooLarge: "too_large"
        case .stale: "stale"
        case .rate: "rate"
        case .unwatched: "unwatched"
        case .encoder: "encoder"
        case .other: "other"
        }
    }
}

/// Where a ring's pictures come from; each text is cut to its place in the header.
public struct SourceDescription: Sendable, Equatable {
    /// `v4l2`, `pattern`, `folder` or `upstream` (15 bytes).
    public var kind: String
    /// A path, or a URL without credentials (255 bytes).
    public var device: String
    /// What a person calls it (127 bytes).
    public var name: String
    /// The pixel format, such as `MJPG` (15 bytes).
    public var format: String

    public init(kind: String, device: String, name: String = "", format: String = "") {
        self.kind = kind
        self.device = device
        self.name = name
        self.format = format
    }
}

/// A ring's header as a reader found it.
///
/// All numbers are bounded, whatever another process wrote there: rates are finite and at most a million, counters at
/// most 2⁵⁸, and `clockOffset` added to this machine's wall clock stays between 1970 and 2261.
public struct RingStatus: Sendable {
    /// What the writer says, or `stopped` when it is dead and `stalled` when it hangs.
    public var state: CameraState
    /// One sentence for a person; empty while all is well.
    public var reason: String
    public var isWriterAlive: Bool
    public var source: SourceDescription
    /// Pixels; 0 before the first picture.
    public var width: Int
    public var height: Int
    /// 0 where nothing was asked.
    public var framesPerSecondAsked: Double
    public var framesPerSecondMeasured: Double
    /// The clock of the pictures' times minus this machine's, in nanoseconds: a relay's upstream.
    public var clockOffset: Int64
    public var newest: FrameDescription?
    /// How often a writer has taken over from one that had died.
    public var restarts: Int
    /// Pictures that the source gave.
    public var captured: UInt64
    /// Pictures that came into the ring, and their bytes.
    public var published: UInt64
    public var bytes: UInt64
    /// Pictures that were encoded, and the time that took.
    public var encodedFrames: UInt64
    public var encodeNanoseconds: UInt64
    public var dropped: [DropReason: UInt64]
    /// False while nobody has read the writer's state yet, because the writer is just changing it.
    ///
    /// `state` is a guess then, `live` if frames come and else `waiting`, and `source` is empty.
    public var isStateKnown = true
}
