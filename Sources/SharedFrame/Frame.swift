import Linux

/// When a picture was taken, on both clocks.
public struct CaptureTime: Sendable, Equatable {
    /// CLOCK_MONOTONIC in nanoseconds.
    public var monotonic: UInt64
    /// CLOCK_REALTIME in nanoseconds since 1970-01-01 UTC.
    public var realtime: UInt64

    public init(monotonic: UInt64, realtime: UInt64) {
        self.monotonic = monotonic
        self.realtime = realtime
    }

    /// Creates a time from the monotonic clock; the real time follows from how far apart both clocks are now.
    public init(monotonic: UInt64) {
        let now = CaptureTime.now()
        self.init(monotonic: monotonic, realtime: now.realtime &- (now.monotonic &- monotonic))
    }

    public static func now() -> CaptureTime {
        CaptureTime(monotonic: Clock.monotonic, realtime: Clock.realtime)
    }
}

/// A picture's metadata.
///
/// As read from a ring, the values are within these bounds, whatever another process wrote: `number` is below 2⁵²;
/// `published` is not later than now, and `capture.monotonic` not later than `published`; `capture.realtime` is not
/// later than now in a camera's own ring, and not later than the year 2262 in a ring that may carry another machine's
/// clock; `width` and `height` are at most 65535.
public struct FrameDescription: Sendable, Equatable {
    /// Increases by at least one from picture to picture, even across restarts; below 2⁵².
    public var number: UInt64
    public var capture: CaptureTime
    public var byteCount: Int
    /// In pixels; 0 if unknown.
    public var width: Int
    public var height: Int
    /// When it was published: CLOCK_MONOTONIC in nanoseconds.
    public var published: UInt64

    public init(
        number: UInt64, capture: CaptureTime, byteCount: Int, width: Int, height: Int, published: UInt64
    ) {
        self.number = number
        self.capture = capture
        self.byteCount = byteCount
        self.width = width
        self.height = height
        self.published = published
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
