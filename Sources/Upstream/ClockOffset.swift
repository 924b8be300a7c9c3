import Linux

/// Estimates how far the upstream's clock is ahead of this machine's clock.
///
/// A status response contains the time of the server's clock, which the server read after the request and before the
/// response. The estimate assumes that the server read it halfway between the two, so the error is at most half the
/// round trip. Of the recent samples, the sample with the shortest round trip is used (Cristian's algorithm).
struct ClockOffset {
    private struct Sample {
        let offset: Int64
        /// A measure of the possible error.
        ///
        /// The sample with the smallest value is used.
        let uncertainty: UInt64
    }

    /// Whether a picture's timestamp agrees with the estimated offset.
    enum Verdict {
        /// The timestamp agrees with the offset and may have refined it.
        case fits
        /// The timestamp differs too much: either it is wrong, or one of the clocks was set.
        case doubtful
    }

    /// The number of samples that are kept.
    ///
    /// These samples cover about half a minute, in which clocks drift by less than a millisecond.
    private static let sampleCount = 64
    /// The maximum drift of the clocks during the time that the samples cover.
    private static let driftNanoseconds: UInt64 = 5_000_000

    /// The maximum difference between the delays of two pictures.
    ///
    /// A larger difference means that a clock was set, or that a timestamp is wrong.
    private static let stepNanoseconds: UInt64 = 15_000_000_000
    /// If two pictures arrive further apart than this, they are not compared.
    private static let maximumGap = Duration.seconds(5)

    private var samples: [Sample] = []
    private var position = 0
    /// The previous picture's timestamp, the clock difference according to it, and when the picture arrived.
    private var last: (upstream: UInt64, difference: Int64, arrival: Instant)?
    /// The timestamp of the last picture that agreed with the offset.
    private var lastFitting: UInt64 = 0
    /// The clock difference according to the last outlier.
    ///
    /// If the next picture has this difference too, the difference is no longer treated as an outlier.
    private var doubtful: Int64?

    /// The upstream's clock minus this machine's CLOCK_REALTIME in nanoseconds, or nil before the first sample.
    var nanoseconds: Int64? { best?.offset }

    private var best: Sample? { samples.min { $0.uncertainty < $1.uncertainty } }

    /// Adds the sample from a status response that contained the time `upstream`.
    ///
    /// - Parameters:
    ///   - upstream: The upstream's clock, in nanoseconds since 1970.
    ///   - asked: When the request was sent, on this machine's CLOCK_REALTIME in nanoseconds.
    ///   - answered: When the response began to arrive, on the same clock.
    mutating func add(upstream: UInt64, asked: UInt64, answered: UInt64) {
        guard answered >= asked else { return }
        let roundTrip = answered - asked
        let offset = Self.difference(upstream, asked + roundTrip / 2)
        // If the new sample contradicts the best one, one of the clocks was set in between.
        if let best, (offset &- best.offset).magnitude > (roundTrip + best.uncertainty) / 2 + Self.driftNanoseconds {
            reset()
        }
        add(offset, uncertainty: roundTrip)
    }

    /// Adjusts the offset if one of the clocks was set between the previous picture and this one.
    ///
    /// Without this adjustment, the offset would be wrong until the next status response.
    ///
    /// - Parameters:
    ///   - upstream: The picture's timestamp.
    ///   - arrived: When it arrived, on this machine's CLOCK_REALTIME in nanoseconds.
    ///   - moment: The arrival time on the monotonic clock.
    mutating func follow(pictureOf upstream: UInt64, arrived: UInt64, at moment: Instant) {
        let difference = Self.difference(upstream, arrived)
        defer { last = (upstream, difference, moment) }
        guard let last, moment >= last.arrival, moment - last.arrival < Self.maximumGap else { return }
        let step = difference &- last.difference
        // Pictures arrive in order. If a timestamp is earlier than the previous one, the clock was set, even if the
        // difference is small.
        guard step.magnitude > Self.stepNanoseconds || upstream < last.upstream else { return }
        samples = samples.map { Sample(offset: $0.offset &+ step, uncertainty: $0.uncertainty) }
    }

    /// Adds a picture with the timestamp `upstream` that arrived at `arrived`.
    ///
    /// If an upstream does not report its clock, its clock is known only from these timestamps. The offset is then
    /// computed from the picture with the shortest delay, as if that picture had no delay. A single outlier is
    /// ignored. Two consecutive outliers that agree with each other mean that one of the clocks was set.
    mutating func add(pictureOf upstream: UInt64, arrived: UInt64) -> Verdict {
        let difference = Self.difference(upstream, arrived)
        if let best, (difference &- best.offset).magnitude > Self.stepNanoseconds {
            guard let doubtful, (difference &- doubtful).magnitude <= Self.stepNanoseconds else {
                doubtful = difference
                return .doubtful
            }
            reset()
        }
        // Pictures arrive in order. If a timestamp is earlier than the previous one, the clock was set, even if the
        // difference is small.
        if upstream < lastFitting { reset() }
        lastFitting = upstream
        doubtful = nil
        // The picture with the largest difference has the shortest delay. Only the order of the uncertainties matters.
        add(difference, uncertainty: UInt64(bitPattern: Int64.max &- difference))
        return .fits
    }

    /// Discards all samples and everything that is known about previous pictures.
    mutating func reset() {
        samples.removeAll(keepingCapacity: true)
        position = 0
        last = nil
        lastFitting = 0
        doubtful = nil
    }

    /// Returns how far an upstream's time is ahead of this machine's time, in nanoseconds.
    ///
    /// The upstream's time may be any number. Both times are clamped to the year 2116, so that the difference of two
    /// results cannot overflow.
    private static func difference(_ upstream: UInt64, _ own: UInt64) -> Int64 {
        Int64(clamping: min(upstream, 1 << 62)) - Int64(clamping: min(own, 1 << 62))
    }

    private mutating func add(_ offset: Int64, uncertainty: UInt64) {
        let sample = Sample(offset: offset, uncertainty: uncertainty)
        if samples.count < Self.sampleCount {
            samples.append(sample)
        } else {
            samples[position % Self.sampleCount] = sample
        }
        position += 1
    }
}
