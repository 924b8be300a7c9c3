/// The state of a camera, as its writer reports it.
public enum CameraState: UInt32, CaseIterable, Sendable {
    /// The source delivers pictures.
    case live = 1
    /// No reader wants pictures, and the last attempt to open the source succeeded.
    case idle
    /// The source is missing, busy, forbidden or has no usable format; the writer keeps trying.
    case waiting
    /// The source reports that it has no signal.
    case noSignal
    /// The source delivers nothing and reports no error, or the writer hangs.
    case stalled
    /// The writer has exited.
    case stopped
    /// The source fails in a way that does not resolve itself.
    case error

    /// Its name in the status document.
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

/// Why a picture did not reach the ring; the raw value is the index of its counter in the header.
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
    /// A newer one was available.
    case stale
    /// Beyond the requested rate.
    case rate
    /// A raw picture while no reader wants pictures.
    case unwatched
    /// The encoder or the transformer failed.
    case encoder
    case other

    /// Its name in the status document.
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

/// Where a ring's pictures come from; each text is truncated to its field in the header.
public struct SourceDescription: Sendable, Equatable {
    /// `v4l2`, `pattern`, `folder` or `upstream` (15 bytes).
    public var kind: String
    /// A path, or a URL without credentials (255 bytes).
    public var device: String
    /// A name for people (127 bytes).
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
/// All numbers are bounded, whatever another process wrote: rates are finite and at most a million, counters at most
/// 2⁵⁸, and `clockOffset` added to this machine's wall clock stays between 1970 and 2261.
public struct RingStatus: Sendable {
    /// The writer's state; `stopped` if the writer is dead, `stalled` if it hangs.
    public var state: CameraState
    /// One sentence for a person; empty if nothing is wrong.
    public var reason: String
    public var isWriterAlive: Bool
    public var source: SourceDescription
    /// In pixels; 0 before the first picture.
    public var width: Int
    public var height: Int
    /// 0 if no rate was requested.
    public var framesPerSecondAsked: Double
    public var framesPerSecondMeasured: Double
    /// How far the clock of the pictures' times, a relay's upstream, is ahead of this machine's, in nanoseconds.
    public var clockOffset: Int64
    public var newest: FrameDescription?
    /// How often a writer took over from one that had died.
    public var restarts: Int
    /// Pictures that the source delivered.
    public var captured: UInt64
    /// Published pictures, and their bytes.
    public var published: UInt64
    public var bytes: UInt64
    /// Encoded pictures, and the time that took.
    public var encodedFrames: UInt64
    public var encodeNanoseconds: UInt64
    public var dropped: [DropReason: UInt64]
    /// False if the state could not be read yet because the writer is changing it.
    ///
    /// `state` is then a guess, `live` if there are recent frames, otherwise `waiting`, and `source` is empty.
    public var isStateKnown = true
}
