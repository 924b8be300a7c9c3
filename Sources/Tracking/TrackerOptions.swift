/// When a tracker confirms a track, considers an object to be standing, and ends a track.
///
/// The times do not depend on the number of looks per second.
public struct TrackerOptions: Sendable {
    /// A track is confirmed after this many sightings, if the median of their scores is high enough.
    ///
    /// With two sightings, there were more false objects.
    public var confirmingSightings = 3
    /// The minimum time from the first sighting until the track is confirmed.
    public var confirmingTime = Duration.milliseconds(200)
    /// An unconfirmed track ends after this time without a sighting.
    ///
    /// At two looks per second, a track therefore survives one missed look.
    public var tentativePatience = Duration.milliseconds(650)
    /// A moving object ends after this time without a sighting, if at least ``lostLooks`` looks have missed it.
    ///
    /// Four seconds were not better.
    public var lostPatience = Duration.seconds(2)
    /// The minimum number of looks that must miss a moving object before it ends.
    public var lostLooks = 3
    /// An object is considered to be standing when its box has overlapped the same place for this time.
    public var stationaryTime = Duration.seconds(10)
    /// A standing object ends after this time without a sighting, if at least ``stationaryLooks`` looks have missed it.
    ///
    /// These limits are higher than for a moving object, because a change of the light lowers scores for a while.
    public var stationaryPatience = Duration.seconds(3)
    /// The minimum number of looks that must miss a standing object before it ends.
    public var stationaryLooks = 8
    /// For this time, looks that miss an object because another one covers it are not counted.
    public var coveredPatience = Duration.seconds(4)
    /// How long the tracker remembers the place of a standing object that has ended.
    public var rememberedTime = Duration.seconds(300)

    public init() {}
}
