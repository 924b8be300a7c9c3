/// When tracks are confirmed, stand, and end, in real time, whatever the number of looks per second.
public struct TrackerOptions: Sendable {
    /// A track counts after this many sightings over this time, if their median score suffices.
    ///
    /// Two sightings were tried: more false objects.
    public var confirmingSightings = 3
    public var confirmingTime = Duration.milliseconds(200)
    /// An unconfirmed track ends after this time without a sighting: one missed look at two a second.
    public var tentativePatience = Duration.milliseconds(650)
    /// A moving object ends after this time without a sighting, and so many looks.
    ///
    /// Four seconds were tried: no gain.
    public var lostPatience = Duration.seconds(2)
    public var lostLooks = 3
    /// An object stands when its box has overlapped its place for this time.
    public var stationaryTime = Duration.seconds(10)
    /// A standing object ends after this time and so many looks: a change of light lowers scores for a while.
    public var stationaryPatience = Duration.seconds(3)
    public var stationaryLooks = 8
    /// An object behind another one does not age, for so long.
    public var coveredPatience = Duration.seconds(4)
    /// For how long the tracker remembers what stood where.
    public var rememberedTime = Duration.seconds(300)

    public init() {}
}
