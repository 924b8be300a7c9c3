import Linux

/// The time at which a picture was taken, on the monotonic clock and on the wall clock.
public struct CaptureTime: Sendable, Equatable {
    /// CLOCK_MONOTONIC in nanoseconds.
    public var monotonic: UInt64
    /// CLOCK_REALTIME in nanoseconds since 1970-01-01 UTC.
    public var realtime: UInt64

    public init(monotonic: UInt64, realtime: UInt64) {
        self.monotonic = monotonic
        self.realtime = realtime
    }

    /// Creates a capture time from its value on the monotonic clock.
    ///
    /// The wall-clock time is computed from the current difference between the two clocks.
    public init(monotonic: UInt64) {
        let now = CaptureTime.now()
        self.init(monotonic: monotonic, realtime: now.realtime &- (now.monotonic &- monotonic))
    }

    public static func now() -> CaptureTime {
        CaptureTime(monotonic: Clock.monotonic, realtime: Clock.realtime)
    }
}

/// What a frame of a detector's ring contains besides the camera's picture.
///
/// docs/shared-memory.md describes the bits under the field `flags`. Frames of capture and relay rings have no flags.
public struct FrameFlags: OptionSet, Hashable, Sendable {
    /// The frame has detection results.
    public static let results = FrameFlags(rawValue: 1 << 0)
    /// The detector looked at this frame; the results are not predicted from earlier frames.
    public static let exact = FrameFlags(rawValue: 1 << 1)
    /// The results are drawn on the picture.
    public static let drawn = FrameFlags(rawValue: 1 << 2)

    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A picture's metadata.
///
/// Values that are read from a ring are within the following bounds, even if another process has written other values.
/// - `number` is below 2⁵².
/// - `published` is not later than now, and `capture.monotonic` is not later than `published`.
/// - `capture.realtime` is not later than now in a ring of kind `capture`. In all other rings, which may contain times
///   of another machine's clock, it is not later than the year 2262.
/// - `width` and `height` are at most 65535.
public struct FrameDescription: Sendable, Equatable {
    /// The picture's number, which is below 2⁵².
    ///
    /// It is higher than the number of the previous picture, even after the writer has restarted.
    public var number: UInt64
    public var capture: CaptureTime
    public var byteCount: Int
    /// The width in pixels; 0 if unknown.
    public var width: Int
    /// The height in pixels; 0 if unknown.
    public var height: Int
    /// When the picture was published: CLOCK_MONOTONIC in nanoseconds.
    public var published: UInt64
    public var flags: FrameFlags

    public init(
        number: UInt64, capture: CaptureTime, byteCount: Int, width: Int, height: Int, published: UInt64,
        flags: FrameFlags = []
    ) {
        self.number = number
        self.capture = capture
        self.byteCount = byteCount
        self.width = width
        self.height = height
        self.published = published
        self.flags = flags
    }
}

/// A picture copied from a ring.
public struct Frame: Sendable, Equatable {
    public var description: FrameDescription
    public var bytes: [UInt8]

    public init(description: FrameDescription, bytes: [UInt8]) {
        self.description = description
        self.bytes = bytes
    }
}
