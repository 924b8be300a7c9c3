public import Linux

/// One object over time, as a detector's sightings show it.
public struct Track: Sendable {
    public enum State: String, Sendable {
        /// The object has been seen too rarely to count.
        case tentative
        /// The object is moving, or has moved recently.
        case active
        /// The object has stayed in its place for ``TrackerOptions/stationaryTime``, or is known to have stood there.
        case stationary
        /// The object has not been seen for a moment, so its box is a guess and is not drawn.
        case lost
    }

    /// Why a track has ended.
    public enum EndReason: String, Sendable {
        /// The object was last seen at an edge of the picture.
        case left
        /// The object was no longer seen.
        case lost
        /// The track never counted as an object.
        case unconfirmed
        /// The detector no longer looks, because the camera is gone, nobody is watching, or the settings have changed.
        case stopped
        /// The detector was restarted, and found in its journal that the object had not ended.
        case detectorRestarted = "detector_restarted"
    }

    /// The number of the track; a tracker numbers its tracks from 1.
    public let number: Int
    public let firstSeen: Instant
    public internal(set) var lastSeen: Instant
    public internal(set) var state = State.tentative
    /// The newest sighting of the object.
    public internal(set) var sighting: Sighting
    /// Whether the newest look saw the object.
    public internal(set) var isSeen = true
    /// Whether the tracker remembered an object of the same kind at this place, and this object has not moved since.
    ///
    /// Such an object causes no events until it moves.
    public internal(set) var isKnown = false
    /// How often the object has begun to move again after standing.
    public internal(set) var departures = 0
    /// The highest score of all sightings.
    public internal(set) var topScore: Double
    /// Why the track has ended; nil before.
    public internal(set) var endReason: EndReason?

    /// The estimate of the box and of its speed.
    var filter: BoxFilter
    /// The time for which the estimate holds.
    var filterTime: Instant
    var hits = 1
    /// The number of looks at the object's place that have missed it since it was last seen.
    ///
    /// Looks while another object covered it are not counted.
    var missedLooks = 0
    /// The total time that these looks account for, at most one second each.
    var unseenSeconds = 0.0
    /// How long another object has covered this one since it was last seen.
    var coveredSeconds = 0.0
    /// Whether the object stands, or stood when it was last seen.
    var isStanding = false
    /// The box with which later boxes are compared, to find out whether the object stands still.
    var anchor: Box
    /// When the anchor was set.
    var anchoredAt: Instant
    /// How the place looked when the object came to stand there.
    var patch: Patch?
    private var anchorOverlaps = Recent(limit: 3)
    private var scores = Recent(limit: 10)
    private var votes: [(classID: Int, weight: Double)]

    init(number: Int, sighting: Sighting, at time: Instant) {
        self.number = number
        self.sighting = sighting
        firstSeen = time
        lastSeen = time
        topScore = sighting.score
        filter = BoxFilter(sighting.box)
        filterTime = time
        anchor = sighting.box
        anchoredAt = time
        scores.append(sighting.score)
        votes = [(sighting.classID, sighting.score)]
    }

    /// The estimated box at the time of the newest look.
    public var box: Box { filter.box }
    /// The horizontal speed in pixels per second.
    public var speedX: Double { filter.speedX }
    /// The vertical speed in pixels per second.
    public var speedY: Double { filter.speedY }
    /// Whether the track counts as an object.
    public var isConfirmed: Bool { state != .tentative }
    /// The median of the newest scores.
    public var score: Double { scores.median }

    /// The class with the highest sum of scores.
    ///
    /// A lorry therefore stays a lorry, even if some sightings take it for a bus.
    public var classID: Int {
        var best = votes[0]
        for vote in votes.dropFirst() where vote.weight > best.weight { best = vote }
        return best.classID
    }

    /// Returns where the object probably is in a frame without a look, or nil if that would be a mere guess.
    public func predictedBox(at time: Instant) -> Box? {
        guard isConfirmed, state != .lost else { return nil }
        if isStanding { return box }
        let seconds = (time - lastSeen).inSeconds
        return seconds <= Tracker.drawingSeconds ? filter.box(after: max(0, (time - filterTime).inSeconds)) : nil
    }

    mutating func see(_ sighting: Sighting, isWeak: Bool, at time: Instant) {
        filter.correct(sighting.box, isWeak: isWeak)
        self.sighting = sighting
        lastSeen = time
        isSeen = true
        hits += 1
        missedLooks = 0
        unseenSeconds = 0
        coveredSeconds = 0
        topScore = max(topScore, sighting.score)
        scores.append(sighting.score)
        if let index = votes.firstIndex(where: { $0.classID == sighting.classID }) {
            votes[index].weight += sighting.score
        } else {
            votes.append((sighting.classID, sighting.score))
        }
    }

    /// Sets the anchor to the current box, to measure from now on whether the object moves away.
    mutating func dropAnchor(at time: Instant) {
        anchor = box
        anchoredAt = time
        anchorOverlaps.removeAll()
    }

    /// Notes how much the box overlaps the anchor, and returns the median of the last three overlaps.
    mutating func compareWithAnchor() -> Double {
        anchorOverlaps.append(box.overlap(anchor))
        return anchorOverlaps.median
    }
}

/// The newest numbers of a series.
struct Recent: Sendable {
    let limit: Int
    private var numbers: [Double] = []

    init(limit: Int) { self.limit = limit }

    mutating func append(_ number: Double) {
        if numbers.count == limit { numbers.removeFirst() }
        numbers.append(number)
    }

    mutating func removeAll() { numbers.removeAll(keepingCapacity: true) }

    /// The median, or 0 if there are no numbers.
    ///
    /// If their count is even, this is the mean of the middle two.
    var median: Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
