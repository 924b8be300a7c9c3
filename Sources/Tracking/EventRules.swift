public import Linux

/// Creates events when objects appear, change and disappear.
///
/// Each object has one `new` event and one `end` event. In between, it has an `update` event when something about it
/// has changed, but not more often than every two seconds.
public struct EventRules: Sendable {
    /// The minimum interval between two events of an object; an `end` event may follow earlier.
    public static let minimumInterval = Duration.seconds(2)
    /// The time after which an object has an `update` event even if nothing has changed.
    public static let maximumInterval = Duration.seconds(60)

    public let zones: [Zone]
    /// The event IDs of the objects whose best picture so far comes from the newest look.
    public private(set) var improved: [String] = []

    private var ids: EventIDs
    private var objects: [Object] = []

    private struct Object: Sendable {
        var state: ObjectState
        var visits: ZoneVisits
        var published: ObjectState
        var publishedAt: Instant
    }

    public init(zones: [Zone], ids: EventIDs) {
        self.zones = zones
        self.ids = ids
    }

    /// The objects whose `end` event has not occurred yet.
    public var openObjects: [ObjectState] { objects.map(\.state) }

    /// Returns what is known about the object of a track; nil if the track has no events.
    ///
    /// A track has no events before it is confirmed, while it is taken for an object that stood in the same place
    /// before (``Track/isKnown``), and after its `end` event.
    public func object(ofTrack number: Int) -> ObjectState? { objects.first { $0.state.number == number }?.state }

    /// Compares the tracks with the objects' last events, and returns events for what has changed since.
    ///
    /// Must be called after each look, and after ``Tracker/endAll(reason:)``.
    ///
    /// - Parameters:
    ///   - tracker: The tracker, which has already been updated.
    ///   - time: The capture time of the frame.
    ///   - milliseconds: The same time, in milliseconds since 1970.
    /// - Returns: The events, beginning with those of kind `end`.
    public mutating func update(_ tracker: Tracker, at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        var events: [ObjectEvent] = []
        improved.removeAll(keepingCapacity: true)
        for track in tracker.endedTracks {
            guard let index = objects.firstIndex(where: { $0.state.number == track.number }) else { continue }
            var state = objects[index].state
            state.endTime = track.lastSeen
            state.time = time
            events.append(
                ObjectEvent(kind: .end, before: objects[index].published, after: state, reason: track.endReason))
            objects.remove(at: index)
        }
        for track in tracker.tracks where track.isConfirmed && !track.isKnown {
            if let index = objects.firstIndex(where: { $0.state.number == track.number }) {
                note(track, index, tracker.pictureSize, at: time)
                if let event = publish(index, at: time) { events.append(event) }
            } else if track.isSeen {
                events.append(begin(track, tracker.pictureSize, at: time, milliseconds: milliseconds))
            }
        }
        return events
    }

    private mutating func begin(
        _ track: Track, _ picture: PictureSize, at time: Instant, milliseconds: Int64
    ) -> ObjectEvent {
        let age = (time - track.firstSeen).nanoseconds / 1_000_000
        let state = ObjectState(
            id: ids.next(milliseconds: milliseconds - age), number: track.number, time: time, classID: track.classID,
            score: track.score, topScore: track.topScore, startTime: track.firstSeen, endTime: nil, box: track.box,
            isStationary: track.isStanding, departures: track.departures, currentZones: [], enteredZones: [],
            best: BestPicture(track.sighting, at: time))
        objects.append(
            Object(state: state, visits: ZoneVisits(count: zones.count), published: state, publishedAt: time))
        note(track, objects.count - 1, picture, at: time)
        improved.append(state.id)
        objects[objects.count - 1].published = objects[objects.count - 1].state
        return ObjectEvent(kind: .new, before: nil, after: objects[objects.count - 1].state, reason: nil)
    }

    private mutating func note(_ track: Track, _ index: Int, _ picture: PictureSize, at time: Instant) {
        objects[index].state.time = time
        objects[index].state.isStationary = track.isStanding
        guard track.isSeen else { return }
        objects[index].visits.update(
            foot: picture.foot(of: track.box), classID: track.classID, zones: zones, at: time)
        let visits = objects[index].visits
        objects[index].state.currentZones = visits.current.map { zones[$0].name }
        objects[index].state.enteredZones = visits.entered.map { zones[$0].name }
        objects[index].state.classID = track.classID
        objects[index].state.score = track.score
        objects[index].state.topScore = track.topScore
        objects[index].state.box = track.box
        objects[index].state.departures = track.departures
        let picturedNow = BestPicture(track.sighting, at: time)
        if picturedNow.isBetter(than: objects[index].state.best, in: picture) {
            objects[index].state.best = picturedNow
            improved.append(objects[index].state.id)
        }
    }

    private mutating func publish(_ index: Int, at time: Instant) -> ObjectEvent? {
        let object = objects[index]
        let age = time - object.publishedAt
        guard age >= Self.minimumInterval,
            object.state.isNews(after: object.published) || age >= Self.maximumInterval
        else { return nil }
        objects[index].published = object.state
        objects[index].publishedAt = time
        return ObjectEvent(kind: .update, before: object.published, after: object.state, reason: nil)
    }
}
