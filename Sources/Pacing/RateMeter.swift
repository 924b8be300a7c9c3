public import Linux

/// Measures the frame rate over the last 60 frames or the last minute, whichever is shorter.
public struct RateMeter: Sendable {
    private static let maximumCount = 61
    private static let window = Duration.seconds(60)
    /// The rate is 0 if no frame has arrived for this long and for at least three average frame intervals.
    private static let minimumSilence = Duration.seconds(2)

    /// The arrival times of the last frames, oldest first.
    private var times: [Instant] = []

    public init() {}

    /// Counts a frame that arrived at `time`.
    public mutating func add(_ time: Instant) {
        if times.count == Self.maximumCount { times.removeFirst() }
        times.append(time)
    }

    public mutating func reset() {
        times.removeAll(keepingCapacity: true)
    }

    /// Returns the number of frames per second at `now`.
    ///
    /// Returns 0 if fewer than two frames are known, and after frames have stopped arriving.
    public mutating func rate(at now: Instant) -> Double {
        times.removeAll { now - $0 > Self.window }
        guard times.count > 1, let first = times.first, let last = times.last, last > first else { return 0 }
        let interval = (last - first) / (times.count - 1)
        if now - last > max(Self.minimumSilence, interval * 3) { return 0 }
        return Double(times.count - 1) / (last - first).inSeconds
    }
}
