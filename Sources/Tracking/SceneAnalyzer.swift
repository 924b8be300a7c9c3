public import Linux

/// All that is known of one camera's scene: what moves, where to look, which objects there are, what happens to them.
///
/// It holds no pictures and does no I/O. For each frame that is read: ``see(_:at:)``. If that returns a plan, and a
/// detector has the time: ``finish(_:_:at:milliseconds:)`` with what it saw.
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

    /// Looks for motion in a frame, and returns where a detector should look, or nil if it need not.
    public mutating func see(_ picture: GreyPicture, at time: Instant) -> LookPlan? {
        motion = gate.update(picture, at: time)
        grey = picture
        return planner.plan(motion, tracker, at: time)
    }

    /// Takes what a detector saw into account.
    ///
    /// - Parameters:
    ///   - plan: Where it looked.
    ///   - sightings: What it saw there, in pixels of the picture: see ``LookRegion/map(_:given:region:in:)``.
    ///   - time: When the frame was captured.
    ///   - milliseconds: The same time since 1970.
    /// - Returns: What has happened.
    public mutating func finish(
        _ plan: LookPlan, _ sightings: [Sighting], at time: Instant, milliseconds: Int64
    ) -> [ObjectEvent] {
        let wanted = sightings.filter { tracker.filter.accepts($0, in: tracker.pictureSize) }
        tracker.update(at: time, sightings: wanted, regions: plan.regions, grey: grey)
        planner.learn(from: plan, motion, wanted, in: tracker.pictureSize, at: time)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Ends all objects, because nobody looks any more.
    public mutating func stop(_ reason: Track.EndReason, at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        tracker.endAll(reason: reason)
        return rules.update(tracker, at: time, milliseconds: milliseconds)
    }

    /// Follows a change of the picture's size.
    public mutating func resize(to size: PictureSize) { tracker.resize(to: size) }
}
