import Glibc
import Linux

/// Decides which sighting belongs to which track.
///
/// A look is one run of the detector, a sighting is one object in its result, and a track is an object that is followed
/// from look to look. Sightings are paired with tracks in three stages. The first two stages come from ByteTrack. The
/// third stage helps if looks are rare.
///
/// 1. Sure sightings, which have a high score, are paired with tracks by how much they overlap the predicted box.
/// 2. Weak sightings, which have a low score, are paired with the remaining tracks by overlap, if their sizes are
///    similar. Without this condition, a glimpse of a partly hidden person would shrink the track's box.
/// 3. The remaining sure sightings are paired with the remaining tracks by distance, in units of the object's size. If
///    looks are rare, an object may move by more than its width from one look to the next.
struct Association: Sendable {
    /// The maximum cost of a pair in stage 1, where the cost is 1 minus the overlap.
    private static let overlapLimit = 0.8
    /// The maximum cost of a pair in stage 2, where the cost is 1 minus the overlap.
    private static let weakOverlapLimit = 0.7
    /// The accepted ratios of a weak sighting's width to the track's width, and of their heights.
    private static let weakSizes = 0.65...1.55
    /// For how many seconds after its last sighting a track still accepts weak sightings.
    private static let weakSeconds = 1.0
    /// The maximum ``Box/sizeRatio(_:)`` of two boxes that may show the same object.
    private static let maximumSizeRatio = 4.0
    /// The maximum cost of a pair in stage 3, at 8, 5 and 2 looks per second; `step` is their interval in seconds.
    ///
    /// Between these rates, the limit is interpolated linearly.
    private static let distanceLimits = [(step: 0.125, limit: 0.8), (step: 0.2, limit: 1.0), (step: 0.5, limit: 1.3)]

    /// The sure sightings that belong to no track.
    private(set) var unpaired: [Sighting] = []

    private var assignment = Assignment()
    private var sure: [Sighting] = []
    private var weak: [Sighting] = []
    /// The boxes of all sure sightings of the look.
    private var boxes: [Box] = []
    private var isTaken: [Bool] = []
    private var free: [Int] = []

    /// Gives each track the sighting that belongs to it.
    ///
    /// - Parameters:
    ///   - sightings: The objects that were seen.
    ///   - tracks: The tracks, with boxes predicted for the time of the look.
    ///   - step: The number of seconds since the previous look.
    ///   - filter: The filter that rejects sightings or sorts them into sure and weak ones.
    ///   - picture: The size of the picture.
    ///   - time: The time of the look.
    mutating func pair(
        _ sightings: [Sighting], with tracks: inout [Track], step: Double, filter: ObjectFilter, picture: PictureSize,
        at time: Instant
    ) {
        sort(sightings, filter, picture)
        boxes.removeAll(keepingCapacity: true)
        for sighting in sure { boxes.append(sighting.box) }
        free.removeAll(keepingCapacity: true)
        for index in tracks.indices { free.append(index) }
        match(sure, with: &tracks, limit: Self.overlapLimit, filter, isWeak: false, at: time) {
            1 - $0.box.overlap($1.box)
        }
        // From here on, `sure` contains only the sightings that stage 1 has not paired.
        keepUntaken()
        let all = free
        free.removeAll { (time - tracks[$0].lastSeen).inSeconds >= Self.weakSeconds }
        match(weak, with: &tracks, limit: Self.weakOverlapLimit, filter, isWeak: true, at: time) { track, sighting in
            guard Self.weakSizes.contains(sighting.box.width / track.box.width),
                Self.weakSizes.contains(sighting.box.height / track.box.height)
            else { return Assignment.impossible }
            return 1 - track.box.overlap(sighting.box)
        }
        free = all
        free.removeAll { tracks[$0].isSeen }
        match(
            sure, with: &tracks, limit: Self.distanceLimit(step), filter, isWeak: false, at: time,
            cost: Self.distanceCost)
        keepUntaken()
        unpaired = sure
    }

    private mutating func sort(_ sightings: [Sighting], _ filter: ObjectFilter, _ picture: PictureSize) {
        sure.removeAll(keepingCapacity: true)
        weak.removeAll(keepingCapacity: true)
        for sighting in sightings where filter.accepts(sighting, in: picture) {
            if sighting.score >= filter.rule(sighting.classID).minimumScore {
                sure.append(sighting)
            } else {
                weak.append(sighting)
            }
        }
    }

    /// Pairs the free tracks with sightings.
    ///
    /// Sets `isTaken` for the paired sightings, and removes the paired tracks from `free`.
    private mutating func match(
        _ sightings: [Sighting], with tracks: inout [Track], limit: Double, _ filter: ObjectFilter, isWeak: Bool,
        at time: Instant, cost: (Track, Sighting) -> Double
    ) {
        isTaken.removeAll(keepingCapacity: true)
        for _ in sightings { isTaken.append(false) }
        let rows = free
        assignment.solve(
            rows: rows.count, columns: sightings.count, limit: limit,
            cost: { row, column in
                let track = tracks[rows[row]]
                let sighting = sightings[column]
                return filter.group(track.sighting.classID) == filter.group(sighting.classID)
                    ? cost(track, sighting) : Assignment.impossible
            },
            pair: { row, column in
                let track = tracks[rows[row]]
                let box = sightings[column].box
                let whole = track.isConfirmed ? PartialBox.completed(box, expected: track.box, others: boxes) : box
                tracks[rows[row]].see(sightings[column], whole: whole, isWeak: isWeak, at: time)
                isTaken[column] = true
            })
        free.removeAll { tracks[$0].isSeen }
    }

    /// Removes from `sure` the sightings that the last match has paired.
    private mutating func keepUntaken() {
        var index = 0
        sure.removeAll { _ in
            index += 1
            return isTaken[index - 1]
        }
    }

    private static func distanceCost(_ track: Track, _ sighting: Sighting) -> Double {
        let box = track.box
        let ratio = box.sizeRatio(sighting.box)
        guard ratio <= maximumSizeRatio else { return Assignment.impossible }
        return (1 - box.overlap(sighting.box)) / 2 + min(2, box.distance(sighting.box)) / 2 + 0.08 * log(ratio)
    }

    static func distanceLimit(_ step: Double) -> Double {
        var previous = distanceLimits[0]
        for point in distanceLimits {
            if step <= point.step {
                guard point.step > previous.step else { return point.limit }
                let share = (step - previous.step) / (point.step - previous.step)
                return previous.limit + share * (point.limit - previous.limit)
            }
            previous = point
        }
        return previous.limit
    }
}
