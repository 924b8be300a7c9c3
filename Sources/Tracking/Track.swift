public import Linux

/// One object over time, as a detector's sightings show it.
public struct Track: Sendable {
    public enum State: String, Sendable {
        /// Seen too rarely to count.
        case tentative
        /// It moves, or has moved a short time ago.
        case active
        /// It has stayed at its place for the stationary time.
        case stationary
        /// It has not been seen for a moment: its box is a guess and is not drawn.
        case lost
    }

    /// Why a track has ended.
    public enum EndReason: String, Sendable {
        /// It was last seen at an edge of the picture.
        case left
        /// It was not seen any more.
        case lost
        /// It never counted.
        case unconfirmed
        /// Nobody looks any more: the camera is gone, nobody watches, or the settings have changed.
        case stopped
        /// The detector was restarted; found in the journal when it starts.
        case detectorRestarted = "detector_restarted"
    }

    /// Counts the tracks of a tracker from 1.
    public let number: Int
    public let firstSeen: Instant
    public internal(set) var lastSeen: Instant
    public internal(set) var state = State.tentative
    /// The newest sighting that belongs to it.
    public internal(set) var sighting: Sighting
    /// Whether the newest look saw it.
    public internal(set) var isSeen = true
    /// Whether it was seen before at this very place, ended there, and has not moved since: not news.
    public internal(set) var isKnown = false
    /// How often it began to move again.
    public internal(set) var departures = 0
    /// The highest score of all sightings.
    public internal(set) var topScore: Double
    /// Set when it has ended.
    public internal(set) var endReason: EndReason?

    /// The estimate, and the time that it is for.
    var filter: BoxFilter
    var filterTime: Instant
    var hits = 1
    /// Looks at its place that did not see it, and the time between them, without the time when something covered it.
    var missedLooks = 0
    var unseenSeconds = 0.0
    var coveredSeconds = 0.0
    /// Set while it stands or has stood, even when it is lost.
    var isStanding = false
    /// Where it is, or was, to stand, since when, and how the place looked.
    var anchor: Box
    var anchoredAt: Instant
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
    /// Pixels per second.
    public var speedX: Double { filter.speedX }
    public var speedY: Double { filter.speedY }
    /// Whether it counts as an object.
    public var isConfirmed: Bool { state != .tentative }
    /// The median of the newest scores.
    public var score: Double { scores.median }

    /// The class with the highest sum of scores: a lorry that is taken for a bus now and then stays a lorry.
    public var classID: Int {
        var best = votes[0]
        for vote in votes.dropFirst() where vote.weight > best.weight { best = vote }
        return best.classID
    }

    /// Returns where it probably is on a frame that nobody looked at, or nil if that would be a mere guess.
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

    /// Begins to measure whether it stands where it is now.
    mutating func dropAnchor(at time: Instant) {
        anchor = box
        anchoredAt = time
        anchorOverlaps.removeAll()
    }

    /// Notes how well its box fits the anchor, and returns the median of the last three.
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

    /// The mean of the middle two if their number is even; 0 without any.
    var median: Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
