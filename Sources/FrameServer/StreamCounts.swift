/// What a worker has sent from one camera since it started.
struct StreamCounts: Equatable, Sendable {
    /// Current streams.
    var viewers: UInt64 = 0
    /// Streams started.
    var streams: UInt64 = 0
    /// Pictures sent completely.
    var frames: UInt64 = 0
    /// Bytes of streams and snapshots.
    var bytes: UInt64 = 0
    var snapshots: UInt64 = 0
    /// Frames scaled down.
    var scaled: UInt64 = 0

    init() {}

    /// From the values of ``ServiceCounters``.
    init(_ values: [UInt64]) {
        guard values.count >= 6 else { return }
        (viewers, streams, frames) = (values[0], values[1], values[2])
        (bytes, snapshots, scaled) = (values[3], values[4], values[5])
    }

    /// The values for ``ServiceCounters``.
    var values: [UInt64] { [viewers, streams, frames, bytes, snapshots, scaled] }
}
