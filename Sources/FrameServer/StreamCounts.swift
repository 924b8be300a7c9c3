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
}
