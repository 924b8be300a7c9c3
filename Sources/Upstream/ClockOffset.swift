import Linux

/// How far the upstream's clock is ahead of this machine's, estimated from questions and answers.
///
/// An answer that says `now` was written somewhere between question and answer: the middle is wrong by half the round
/// trip at most, so the sample with the shortest round trip of the last ones counts (Cristian's algorithm).
struct ClockOffset {
    private struct Sample {
        let offset: Int64
        /// The smaller, the better.
        let uncertainty: UInt64
    }

    /// What a picture says about the clocks.
    enum Verdict {
        /// The picture fits the offset, which it may have improved.
        case fits
        /// The picture's time is too far off: it is wrong, or one of the clocks was set.
        case doubtful
    }

    /// Samples that are kept: half a minute of them, in which clocks drift by less than a millisecond.
    private static let sampleCount = 64
    /// What clocks may drift apart over these samples.
    private static let driftNanoseconds: UInt64 = 5_000_000

    /// What the delays of two pictures do not differ by: a larger difference is a clock that was set, or a wrong time.
    private static let stepNanoseconds: UInt64 = 15_000_000_000
    /// Pictures further apart than this say nothing of a step.
    private static let longestGap = Duration.seconds(5)

    private var samples: [Sample] = []
    private var position = 0
    /// The clocks' difference by the picture before, and when it arrived.
    private var last: (difference: Int64, arrival: Instant)?
    /// The clocks' difference by a picture that is too far off to be believed alone.
    private var doubtful: Int64?

    /// Upstream's clock minus this machine's CLOCK_REALTIME, in nanoseconds; nil before the first answer.
    var nanoseconds: Int64? { best?.offset }

    private var best: Sample? { samples.min { $0.uncertainty < $1.uncertainty } }

    /// Takes an answer that said `upstream` (nanoseconds since 1970) to a question sent at `asked` and answered at
    /// `answered`, both on this machine's CLOCK_REALTIME in nanoseconds.
    mutating func add(upstream: UInt64, asked: UInt64, answered: UInt64) {
        guard answered >= asked else { return }
        let roundTrip = answered - asked
        let offset = Self.difference(upstream, asked + roundTrip / 2)
        // Two estimates that exclude each other: one of the clocks was set meanwhile.
        if let best, (offset &- best.offset).magnitude > (roundTrip + best.uncertainty) / 2 + Self.driftNanoseconds {
            reset()
        }
        add(offset, uncertainty: roundTrip)
    }

    /// Notices if one of the clocks was set between the last picture and this one, which has the time `upstream` and
    /// arrived at `arrived` and `moment`: then the offset follows at once, long before the next answer.
    mutating func follow(pictureOf upstream: UInt64, arrived: UInt64, at moment: Instant) {
        let difference = Self.difference(upstream, arrived)
        defer { last = (difference, moment) }
        guard let last, moment >= last.arrival, moment - last.arrival < Self.longestGap else { return }
        let step = difference &- last.difference
        guard step.magnitude > Self.stepNanoseconds else { return }
        samples = samples.map { Sample(offset: $0.offset &+ step, uncertainty: $0.uncertainty) }
    }

    /// Takes a picture that says it is of `upstream` and came at `arrived`.
    ///
    /// That is all that is known of an upstream that does not tell its clock. The least delayed picture counts, as if
    /// it had come without any delay. One picture that is too far off counts for nothing; two in a row that agree mean
    /// that one of the clocks was set.
    mutating func add(pictureOf upstream: UInt64, arrived: UInt64) -> Verdict {
        let difference = Self.difference(upstream, arrived)
        if let best, (difference &- best.offset).magnitude > Self.stepNanoseconds {
            guard let doubtful, (difference &- doubtful).magnitude <= Self.stepNanoseconds else {
                doubtful = difference
                return .doubtful
            }
            reset()
        }
        doubtful = nil
        // The larger the difference, the fresher the picture; only the order of the uncertainties matters.
        add(difference, uncertainty: UInt64(bitPattern: Int64.max &- difference))
        return .fits
    }

    /// Forgets everything: another server may answer from now on.
    mutating func reset() {
        samples.removeAll(keepingCapacity: true)
        position = 0
        last = nil
        doubtful = nil
    }

    /// How far an upstream's time, which may be any number, is ahead of this machine's.
    ///
    /// Limited to the year 2116, so that differences of differences are numbers too.
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
