/// The layout of a ring, which docs/shared-memory.md describes byte by byte.
///
/// All numbers are little-endian and naturally aligned.
enum RingLayout {
    /// `ORIELRNG` as a little-endian number.
    static let magic: UInt64 = 0x474e_524c_4549_524f
    static let version: UInt32 = 1

    static let headerByteCount = 4096
    static let slotHeaderByteCount = 64
    static let slotCounts = 2...64
    /// The maximum size of a picture in bytes.
    static let maximumSlotByteCount = 64 << 20
    /// The size in bytes above which a ring gets fewer slots, but at least 3.
    ///
    /// Two rings then fit into the 64 MB of shared memory that a container has by default.
    static let preferredByteCount = 24 << 20

    /// A bound that the frame numbers and positions of Oriel's writers never reach.
    ///
    /// A ring's first frame number is the Unix time in milliseconds, or a frame number of an upstream server.
    static let numberLimit: UInt64 = 1 << 52

    // Readers replace larger numbers with the following limits or with 0, so that later sums cannot overflow.

    /// The latest accepted time of another machine's wall clock, in nanoseconds; it is in the year 2262.
    static let realtimeLimit = UInt64(Int64.max)
    /// The maximum of a counter.
    ///
    /// The sum of all counters of a ring then fits into 64 bits.
    static let counterLimit: UInt64 = 1 << 58
    /// The maximum width or height of a JPEG (ITU-T T.81, B.2.2).
    static let maximumPixels = 65535
    /// The maximum rate in frames per 1000 seconds, which is a million frames per second.
    static let maximumMillihertz: UInt64 = 1_000_000_000

    /// The offsets of bytes that processes lock with ``FileLock``.
    enum Lock {
        /// The writer holds an exclusive lock on this byte.
        static let writer = 0
        /// Every reader that wants pictures holds a shared lock on this byte.
        static let interest = 1
    }

    /// The offsets of the fields in the header.
    enum Header {
        static let magic = 0
        static let version = 8
        static let headerByteCount = 12
        static let slotCount = 16
        static let slotHeaderByteCount = 20
        static let slotByteCount = 24
        static let slotStride = 32
        static let byteCount = 40
        static let started = 48
        static let writerProcess = 56
        static let restarts = 60

        static let wakeWord = 64
        static let doorbell = 68
        static let superseded = 72

        static let position = 128
        static let newestNumber = 136

        static let heartbeat = 192
        static let textSequence = 200
        static let state = 204
        static let width = 208
        static let height = 212
        static let millihertzAsked = 216
        static let millihertzMeasured = 224
        static let clockOffset = 232

        static let captured = 256
        static let published = 264
        static let bytes = 272
        static let encodedFrames = 280
        static let encodeNanoseconds = 288
        /// 16 counters of 8 bytes, indexed by ``DropReason``.
        static let dropped = 320

        static let camera = Text(offset: 512, byteCount: 64)
        static let sourceKind = Text(offset: 576, byteCount: 16)
        static let sourceFormat = Text(offset: 592, byteCount: 16)
        static let sourceName = Text(offset: 608, byteCount: 128)
        static let sourceDevice = Text(offset: 736, byteCount: 256)
        static let reason = Text(offset: 992, byteCount: 256)
    }

    /// The offsets of the fields in a slot.
    enum Slot {
        static let sequence = 0
        static let number = 8
        static let captureMonotonic = 16
        static let captureRealtime = 24
        static let byteCount = 32
        static let width = 40
        static let height = 44
        static let flags = 48
        static let published = 56
    }

    /// A field that contains zero-terminated UTF-8.
    struct Text {
        let offset: Int
        let byteCount: Int
    }
}

/// The number, size and position of a ring's slots.
struct RingGeometry: Equatable {
    let slotCount: Int
    /// The maximum size of a picture in this ring, in bytes.
    let slotByteCount: Int
    let slotStride: Int
    let byteCount: Int

    /// Creates the geometry of a new ring for pictures of up to `slotByteCount` bytes.
    init(slotCount wanted: Int, slotByteCount: Int) {
        let stride = Self.roundUp(RingLayout.slotHeaderByteCount + slotByteCount)
        let affordable = max(3, RingLayout.preferredByteCount / stride)
        slotCount = min(max(wanted, RingLayout.slotCounts.lowerBound), RingLayout.slotCounts.upperBound, affordable)
        self.slotByteCount = stride - RingLayout.slotHeaderByteCount
        slotStride = stride
        byteCount = RingLayout.headerByteCount + slotCount * stride
    }

    /// Creates a geometry from the values in a header; returns nil if these are inconsistent or do not match the
    /// object's size.
    init?(slotCount: Int, slotByteCount: UInt64, slotStride: UInt64, objectByteCount: Int) {
        guard RingLayout.slotCounts.contains(slotCount),
            slotByteCount <= UInt64(RingLayout.maximumSlotByteCount) + 4096,
            slotStride >= slotByteCount + UInt64(RingLayout.slotHeaderByteCount),
            slotStride <= UInt64(RingLayout.maximumSlotByteCount) + 8192, slotStride % 64 == 0
        else { return nil }
        self.slotCount = slotCount
        self.slotByteCount = Int(slotByteCount)
        self.slotStride = Int(slotStride)
        byteCount = RingLayout.headerByteCount + slotCount * Int(slotStride)
        guard byteCount == objectByteCount else { return nil }
    }

    /// Returns the offset of the slot with the given index.
    func offset(ofSlot index: Int) -> Int {
        RingLayout.headerByteCount + index * slotStride
    }

    /// Rounds up to a multiple of 4096, because slots begin on page boundaries.
    private static func roundUp(_ byteCount: Int) -> Int {
        (byteCount + 4095) & ~4095
    }
}
