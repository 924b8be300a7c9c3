public import Linux

/// Analyses the scene of one camera: what moves, where to look, which objects there are, and what happens to them.
///
/// This type does no I/O, and keeps only the newest small grey picture. Call ``see(_:at:)`` for each frame. If this
/// returns a plan and the detector has time for a look, run the detector according to the plan, and pass its sightings
/// to ``finish(_:_:at:milliseconds:)``.
public struct SceneAnalyzer: Sendable {
    public private(set) var tracker: Tracker
    public private(set) var rules: EventRules
    public private(set) var motion = Motion()

    private var gate: MotionGate
    private var planner: LookPlanner
    private var grey: GreyPicture?

    public init(
        tracker: Tracker, rules: EventRules, gate: MotionGate = MotionGate(), planner: LookPlanner = LookPlanner()
    ) {
        self.tracker = tracker
        self.rules = rules
        self.gate = gate
        self.planner = planner
    }

    /// Searches a frame for motion, and returns where the detector should look; nil if no look is needed.
    public mutating func see(_ picture: GreyPicture, at time: Instant) -> LookPlan? {
        motion = gate.update(picture, at: time)
        grey = picture
        return planner.plan(motion, tracker, at: time)
    }

    /// Updates the objects with the result of a look.
    ///
    /// - Parameters:
    ///   - plan: Where the detector looked.
    ///   - sightings: What the detector saw, in pixels of the whole picture. Use
    ///     ``LookRegion/map(_:given:region:in:)`` to convert the sightings in a region.
    ///   - time: When the frame was captured.
    ///   - milliseconds: The same time, in milliseconds since 1970.
    /// - Returns: The events that result from the look.
    public mutating func finish(
        _ plan: LookPlan, _ sightings: [Sighting], at time: Instant, milliseconds: Int64
    ) -> [ObjectEvent] {
        let wanted = sightings.filter { tracker.filter.accepts($0, in: tracker.pictureSize) }
        tracker.update(at: time, sightings: wanted, regions: plan.regions, grey: grey)
        planner.learn(from: plan, motion, wanted, in: tracker.pictureSize, at: time)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Ends all objects, because there will be no more looks, and returns their events.
    public mutating func stop(_ reason: Track.EndReason, at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        tracker.endAll(reason: reason)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Converts all objects to another picture size.
    public mutating func resize(to size: PictureSize) { tracker.resize(to: size) }
}
