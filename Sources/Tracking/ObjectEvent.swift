public import Linux

/// What happened to an object.
public struct ObjectEvent: Sendable {
    public enum Kind: String, Sendable {
        case new
        case update
        case end
    }

    public let kind: Kind
    /// The state of the object in its previous event; nil if this is its first event.
    public let before: ObjectState?
    public let after: ObjectState
    /// Why the object has ended; nil if it has not ended.
    public let reason: Track.EndReason?
}

/// What is known about an object at a given time.
public struct ObjectState: Equatable, Sendable {
    /// The ID that all events of the object have.
    public internal(set) var id: String
    /// The number of the object's track.
    public internal(set) var number: Int
    /// The time of the newest look.
    public internal(set) var time: Instant
    public internal(set) var classID: Int
    public internal(set) var score: Double
    public internal(set) var topScore: Double
    public internal(set) var startTime: Instant
    public internal(set) var endTime: Instant?
    public internal(set) var box: Box
    public internal(set) var isStationary: Bool
    /// How many times the object was stationary and then moved away.
    public internal(set) var departures: Int
    /// The names of the zones that the object is in now, in the order of the configuration.
    public internal(set) var currentZones: [String]
    /// The names of the zones that the object has ever entered, in the order of the configuration.
    public internal(set) var enteredZones: [String]
    public internal(set) var best: BestPicture

    /// Returns whether the difference from an earlier state requires an `update` event.
    ///
    /// Boxes and scores are not compared, because they change with every look.
    func isNews(after other: ObjectState) -> Bool {
        classID != other.classID || isStationary != other.isStationary || departures != other.departures
            || currentZones != other.currentZones || enteredZones != other.enteredZones || best != other.best
    }
}
