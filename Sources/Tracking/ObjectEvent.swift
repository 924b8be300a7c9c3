public import Linux

/// What happened to an object.
public struct ObjectEvent: Sendable {
    public enum Kind: String, Sendable {
        case new
        case update
        case end
    }

    public let kind: Kind
    /// The object as the previous event of it told; nil if this is the first one.
    public let before: ObjectState?
    public let after: ObjectState
    /// Set if it has ended.
    public let reason: Track.EndReason?
}

/// What is known of an object at one time.
public struct ObjectState: Equatable, Sendable {
    /// The name of its event.
    public internal(set) var id: String
    /// The number of its track.
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
    /// How often it moved on after it had stood.
    public internal(set) var departures: Int
    /// Names, in the order of the configuration.
    public internal(set) var currentZones: [String]
    public internal(set) var enteredZones: [String]
    public internal(set) var best: BestPicture

    /// Whether others should hear of the difference; boxes and scores change with every look.
    func isNews(after other: ObjectState) -> Bool {
        classID != other.classID || isStationary != other.isStationary || departures != other.departures
            || currentZones != other.currentZones || enteredZones != other.enteredZones || best != other.best
    }
}
