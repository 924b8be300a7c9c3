public import Names

/// The state of a camera, as its writer reports it.
public enum CameraState: UInt32, CaseIterable, Sendable {
    /// The source delivers pictures.
    case live = 1
    /// No reader wants pictures, and the last attempt to open the source succeeded.
    case idle
    /// The source is missing, busy or forbidden, or it has no usable format. The writer keeps trying to open it.
    case waiting
    /// The source reports that it has no signal.
    case noSignal
    /// The source delivers no pictures although it reports no error, or the writer hangs.
    case stalled
    /// The writer has exited.
    case stopped
    /// The source fails, and does not work again until somebody removes the cause.
    case error

    /// The state's name in the status document.
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
    /// The buffer contains no bytes.
    case empty
    /// The bytes do not begin with SOI, so they are not a JPEG.
    case noStart
    /// The JPEG has no usable frame header (SOF).
    case noFrameHeader
    /// The JPEG has no scan header (SOS).
    case noScan
    /// The JPEG does not end with EOI.
    case truncated
    /// The picture is larger than the maximum size of a slot.
    case tooLarge
    /// A newer picture was available.
    case stale
    /// Publishing the picture would exceed the requested frame rate.
    case rate
    /// The picture is raw, and no reader wants pictures, so it was not encoded.
    case unwatched
    /// The picture could not be encoded, rotated or flipped.
    case encoder
    case other

    /// The reason's name in the status document.
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

/// Describes where a ring's pictures come from.
///
/// Each text is truncated to the size of its field in the header.
public struct SourceDescription: Sendable, Equatable {
    /// The kind of source: `v4l2`, `pattern`, `folder`, `upstream` or `detector`; at most 15 bytes.
    public var kind: String
    /// The path of the source, or its URL without credentials; at most 255 bytes.
    public var device: String
    /// A name to show to people, such as the camera's model; at most 127 bytes.
    public var name: String
    /// The pixel format, such as `MJPG`; at most 15 bytes.
    public var format: String

    public init(kind: String, device: String, name: String = "", format: String = "") {
        self.kind = kind
        self.device = device
        self.name = name
        self.format = format
    }
}

/// Identifies the writer of a ring.
///
/// Its description is a text without spaces. Two writers, even on different machines, have the same description only by
/// a very unlikely accident.
public struct RingWriter: Equatable, Sendable, CustomStringConvertible {
    let process: UInt32
    /// When the writer began, in nanoseconds since 1970.
    let started: UInt64

    public var description: String { "\(process)-\(started)" }

    /// The header field with which a relay tells an upstream for which camera it asks.
    ///
    /// A server whose own camera has the same value knows that the camera is its own upstream.
    public static let requestHeader = "X-Oriel-Relay"

    /// Returns the value of ``requestHeader`` for a camera that this writer writes.
    public func requestValue(for camera: CameraName) -> String { "\(camera)-\(self)" }
}

/// The contents of a ring's header at the time when a reader read it.
///
/// All numbers are bounded, even if another process has written other values. Rates are finite and at most a million,
/// counters are at most 2⁵⁸, and the sum of `clockOffset` and this machine's wall clock is between 1970 and 2261.
public struct RingStatus: Sendable {
    /// The state that the writer has set; `stopped` if the writer is dead, or `stalled` if it hangs.
    public var state: CameraState
    /// One sentence that tells people what is wrong; empty if nothing is wrong.
    public var reason: String
    public var isWriterAlive: Bool
    /// Identifies the ring's last writer.
    public var writer: RingWriter
    public var source: SourceDescription
    /// The width in pixels; 0 before the first picture.
    public var width: Int
    /// The height in pixels; 0 before the first picture.
    public var height: Int
    /// The requested frame rate; 0 if none was requested.
    public var framesPerSecondAsked: Double
    public var framesPerSecondMeasured: Double
    /// How far the clock of the pictures' capture times is ahead of this machine's wall clock, in nanoseconds.
    ///
    /// In a relay's ring, the times come from the clock of the upstream server. The offset is negative if that clock is
    /// behind.
    public var clockOffset: Int64
    /// The metadata of the newest frame, or nil if there is no frame.
    public var newest: FrameDescription?
    /// How many times a writer has taken over the ring from a writer that had died.
    public var restarts: Int
    /// The number of pictures that the source has delivered.
    public var captured: UInt64
    /// The number of published pictures.
    public var published: UInt64
    /// The total size of the published pictures in bytes.
    public var bytes: UInt64
    /// The number of encoded pictures.
    public var encodedFrames: UInt64
    /// The total time that encoding has taken, in nanoseconds.
    public var encodeNanoseconds: UInt64
    /// The numbers of pictures that did not reach the ring, by reason.
    public var dropped: [DropReason: UInt64]
    /// Whether the state is known; false if the writer was changing it during every attempt to read it so far.
    ///
    /// If this is false, `state` is a guess: `live` if there are recent frames, and `waiting` otherwise. `source` is
    /// then empty.
    public var isStateKnown = true
}
