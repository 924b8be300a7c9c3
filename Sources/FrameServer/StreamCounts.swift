/// What a worker has sent of one camera since it started.
struct StreamCounts: Equatable, Sendable {
    /// Streams now.
    var viewers: UInt64 = 0
    /// Streams begun.
    var streams: UInt64 = 0
    /// Pictures sent whole to viewers.
    var frames: UInt64 = 0
    /// Bytes of streams and snapshots.
    var bytes: UInt64 = 0
    var snapshots: UInt64 = 0
    /// Frames that were scaled down.
    var scaled: UInt64 = 0

    init() {}

    /// As workers share them.
    init(_ values: [UInt64]) {
        guard values.count >= 6 else { return }
        (viewers, streams, frames) = (values[0], values[1], values[2])
        (bytes, snapshots, scaled) = (values[3], values[4], values[5])
    }

    /// As workers share them.
    var values: [UInt64] { [viewers, streams, frames, bytes, snapshots, scaled] }
}
