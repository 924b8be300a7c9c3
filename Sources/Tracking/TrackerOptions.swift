/// The limits that decide when tracks are confirmed, become stationary and end.
///
/// Most limits are times, so that their effect hardly depends on the number of looks per second.
public struct TrackerOptions: Sendable {
    /// The minimum number of sightings after which a track counts as an object, if their median score is high enough.
    ///
    /// A minimum of two sightings led to more false objects.
    public var confirmingSightings = 3
    /// The minimum time since the first sighting after which a track counts as an object.
    public var confirmingTime = Duration.milliseconds(200)
    /// The time without a sighting after which an unconfirmed track ends.
    ///
    /// At two looks per second, this allows for one missed look.
    public var tentativePatience = Duration.milliseconds(650)
    /// The minimum time without a sighting after which the track of a moving object ends.
    ///
    /// A limit of four seconds did not give better results.
    public var lostPatience = Duration.seconds(2)
    /// The minimum number of missed looks after which the track of a moving object ends.
    public var lostLooks = 3
    /// How long the box of an object must stay in its place before the object counts as stationary.
    public var stationaryTime = Duration.seconds(10)
    /// The minimum time without a sighting after which the track of a stationary object ends.
    ///
    /// This limit is longer than for moving objects, because a change of the light lowers the detector's scores for
    /// a while.
    public var stationaryPatience = Duration.seconds(3)
    /// The minimum number of missed looks after which the track of a stationary object ends.
    public var stationaryLooks = 8
    /// How long an object may be hidden behind another one before looks that do not see it count as missed.
    public var coveredPatience = Duration.seconds(4)
    /// How long the tracker remembers the place of a stationary object after its track has ended.
    public var rememberedTime = Duration.seconds(300)

    public init() {}
}
