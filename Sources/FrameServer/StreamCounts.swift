/// Counts of the streams and snapshots that a worker has sent from one camera since the worker started.
struct StreamCounts: Equatable, Sendable {
    /// The current number of streams.
    var viewers: UInt64 = 0
    /// The number of streams that have been started.
    var streams: UInt64 = 0
    /// The number of pictures that have been sent completely.
    var frames: UInt64 = 0
    /// The number of bytes that have been sent in streams and snapshots.
    var bytes: UInt64 = 0
    /// The number of snapshots that have been sent.
    var snapshots: UInt64 = 0
    /// The number of frames that have been scaled down.
    var scaled: UInt64 = 0

    init() {}

    /// Creates the counts from the values of ``ServiceCounters``.
    init(_ values: [UInt64]) {
        guard values.count >= 6 else { return }
        (viewers, streams, frames) = (values[0], values[1], values[2])
        (bytes, snapshots, scaled) = (values[3], values[4], values[5])
    }

    /// The counts in the order in which ``ServiceCounters`` stores them.
    var values: [UInt64] { [viewers, streams, frames, bytes, snapshots, scaled] }
}
