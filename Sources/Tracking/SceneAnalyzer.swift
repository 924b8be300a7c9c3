public import Linux

/// Everything that is known about one camera's scene: what moves, where to look, which objects there are, and what
/// happens to them.
///
/// It keeps no picture except the newest small grey one, and does no I/O. Call ``see(_:at:)`` for each frame that is
/// read. If that returns a plan, and a detector has time, call ``finish(_:_:at:milliseconds:)`` with what the detector
/// saw.
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

    /// Looks for motion in a frame, and returns where a detector should look, or nil if no look is needed.
    public mutating func see(_ picture: GreyPicture, at time: Instant) -> LookPlan? {
        motion = gate.update(picture, at: time)
        grey = picture
        return planner.plan(motion, tracker, at: time)
    }

    /// Takes what a detector saw into account.
    ///
    /// - Parameters:
    ///   - plan: Where the detector looked.
    ///   - sightings: What the detector saw there, in pixels of the picture; see
    ///     ``LookRegion/map(_:given:region:in:)``.
    ///   - time: When the frame was captured.
    ///   - milliseconds: The same time, in milliseconds since 1970.
    /// - Returns: What has happened.
    public mutating func finish(
        _ plan: LookPlan, _ sightings: [Sighting], at time: Instant, milliseconds: Int64
    ) -> [ObjectEvent] {
        let wanted = sightings.filter { tracker.filter.accepts($0, in: tracker.pictureSize) }
        tracker.update(at: time, sightings: wanted, regions: plan.regions, grey: grey)
        planner.learn(from: plan, motion, wanted, in: tracker.pictureSize, at: time)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Ends all objects, because the detector no longer looks.
    public mutating func stop(_ reason: Track.EndReason, at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        tracker.endAll(reason: reason)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Adapts to a change of the picture's size.
    public mutating func resize(to size: PictureSize) { tracker.resize(to: size) }
}
