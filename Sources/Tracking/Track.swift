public import Linux

/// An object that is followed over time by means of a detector's sightings.
public struct Track: Sendable {
    public enum State: String, Sendable {
        /// The object has not been seen often enough to count.
        case tentative
        /// The object moves, or moved a short time ago.
        case active
        /// The object has stayed in its place for ``TrackerOptions/stationaryTime``, or was recognised as an object
        /// that stood in this place before.
        case stationary
        /// The object has not been seen for a moment. Its box is a guess, and is not drawn.
        case lost
    }

    /// Why a track has ended.
    public enum EndReason: String, Sendable {
        /// The object was last seen at an edge of the picture.
        case left
        /// The object was not seen for too long.
        case lost
        /// The object was not seen often enough to count.
        case unconfirmed
        /// There are no more looks: the camera is gone, nobody is watching, or the settings have changed.
        case stopped
        /// The detector was restarted, and then found the object's unfinished event in the journal.
        case detectorRestarted = "detector_restarted"
    }

    /// The number of the track; each tracker numbers its tracks from 1.
    public let number: Int
    public let firstSeen: Instant
    public internal(set) var lastSeen: Instant
    public internal(set) var state = State.tentative
    /// The newest sighting of the object.
    public internal(set) var sighting: Sighting
    /// Whether the object was seen in the newest look.
    public internal(set) var isSeen = true
    /// Whether this object appeared where a stationary object had been lost a short time before, and has not moved.
    ///
    /// If so, this object counts as the lost object, and has no `new` event.
    public internal(set) var isKnown = false
    /// How many times the object was stationary and then moved away.
    public internal(set) var departures = 0
    /// The highest score of all sightings.
    public internal(set) var topScore: Double
    /// Why the track has ended; nil if it has not ended.
    public internal(set) var endReason: EndReason?

    /// The estimate of the box.
    var filter: BoxFilter
    /// The time to which the estimate applies.
    var filterTime: Instant
    /// The number of sightings.
    var hits = 1
    /// The number of missed looks since the last sighting: looks that covered the object's place but did not see it.
    ///
    /// Looks during which another object hid this one do not count.
    var missedLooks = 0
    /// The sum of the intervals between each missed look and the look before it, in seconds.
    ///
    /// Each interval counts as at most one second.
    var unseenSeconds = 0.0
    /// How long another object has hidden this one since the last sighting, in seconds.
    var coveredSeconds = 0.0
    /// Whether the object became stationary and has not moved away since.
    var isStanding = false
    /// The place in which the object stands, or may be about to stand.
    var anchor: Box
    /// When the anchor was set.
    var anchoredAt: Instant
    /// What the place looked like when the object became stationary; nil if there was no picture.
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
    /// The horizontal speed, in pixels per second.
    public var speedX: Double { filter.speedX }
    /// The vertical speed, in pixels per second.
    public var speedY: Double { filter.speedY }
    /// Whether the track counts as an object.
    public var isConfirmed: Bool { state != .tentative }
    /// The median of the newest scores.
    public var score: Double { scores.median }

    /// The class with the highest sum of scores.
    ///
    /// A lorry that is occasionally taken for a bus therefore remains a lorry.
    public var classID: Int {
        var best = votes[0]
        for vote in votes.dropFirst() where vote.weight > best.weight { best = vote }
        return best.classID
    }

    /// Returns where the object probably is in a frame at which the detector has not looked.
    ///
    /// The result is nil if the object's position would only be a guess.
    public func predictedBox(at time: Instant) -> Box? {
        guard isConfirmed, state != .lost else { return nil }
        if isStanding { return box }
        let seconds = (time - lastSeen).inSeconds
        return seconds <= Tracker.drawingSeconds ? filter.box(after: max(0, (time - filterTime).inSeconds)) : nil
    }

    /// Adds a sighting; `whole` is the box of the whole object, of which the sighting may show only a part.
    mutating func see(_ sighting: Sighting, whole: Box, isWeak: Bool, at time: Instant) {
        filter.correct(whole, isWeak: isWeak)
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

    /// Starts to check whether the object stays where it is now.
    mutating func dropAnchor(at time: Instant) {
        anchor = box
        anchoredAt = time
        anchorOverlaps.removeAll()
    }

    /// Records the overlap between the box and the anchor, and returns the median of the last three overlaps.
    mutating func compareWithAnchor() -> Double {
        anchorOverlaps.append(box.overlap(anchor))
        return anchorOverlaps.median
    }
}

/// The newest numbers of a series, at most `limit` of them.
struct Recent: Sendable {
    let limit: Int
    private var numbers: [Double] = []

    init(limit: Int) { self.limit = limit }

    mutating func append(_ number: Double) {
        if numbers.count == limit { numbers.removeFirst() }
        numbers.append(number)
    }

    mutating func removeAll() { numbers.removeAll(keepingCapacity: true) }

    /// The median of the numbers; 0 if there are no numbers.
    var median: Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
