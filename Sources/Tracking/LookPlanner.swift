public import Linux

/// Where a detector should look.
public struct LookPlan: Hashable, Sendable {
    /// The regions to look at, in pixels of the picture.
    ///
    /// If the whole picture is one of them, it is the only one.
    public var regions: [Box]

    func isWhole(_ picture: PictureSize) -> Bool { regions == [picture.bounds] }
}

/// Decides whether the detector should look at a picture, and at which regions of it.
///
/// The regions contain motion and tracked objects. The detector sees a region at a higher resolution than the whole
/// picture, so that it finds distant people.
public struct LookPlanner: Sendable {
    public struct Options: Sendable {
        /// Whether to look at regions; otherwise each look is at the whole picture.
        public var usesRegions = true
        /// The size in pixels of the network's input for the whole picture, and of that for a region.
        public var wholeInput = PictureSize(width: 416, height: 256)
        public var regionInput = PictureSize(width: 256, height: 256)
        /// The maximum number of regions in one look.
        ///
        /// Looking at two regions already takes more time than looking at the whole picture.
        public var maximumRegionCount = 2
        /// How often to look at the whole picture while nothing happens, and how often while something happens.
        public var idleInterval = Duration.seconds(10)
        public var busyInterval = Duration.seconds(2)
        /// How often to look because of motion where motion is never an object, such as in trees.
        public var boringInterval = Duration.seconds(2)
        /// How long the light takes to settle after a change of the whole picture.
        public var settlingTime = Duration.milliseconds(600)

        public init() {}
    }

    /// How much larger a region is than the tracked object in it, and how much larger than the motion in it.
    ///
    /// With a factor below 1.7, regions cut off parts of objects. The factor for motion can be smaller, because motion
    /// consists of whole cells, which already include a margin.
    private static let trackFactor = 2.2
    private static let motionFactor = 1.4
    /// How much higher the resolution of a region must be than that of the whole picture for the region to be used.
    private static let minimumGain = 1.2
    /// Two objects share a region if it is at most this many times as wide as the region of the larger object.
    private static let sharingFactor = 1.3
    /// An object needs no region of its own if this share of its region is inside another region.
    private static let coveredShare = 0.999
    /// Motion needs no region of its own if this share of it is inside the region of a tracked object.
    private static let trackedShare = 0.5

    public let options: Options
    private var boredom = Boredom()
    private var lastWhole: Instant?
    private var settlesAt: Instant?
    private var nextBoring = Instant.distantPast
    private var turn = 0

    public init(options: Options = Options()) { self.options = options }

    /// Returns where to look, or nil if this picture needs no look.
    public mutating func plan(_ motion: Motion, _ tracker: Tracker, at time: Instant) -> LookPlan? {
        let whole = LookPlan(regions: [tracker.pictureSize.bounds])
        boredom.note(motion, at: time)
        if motion.state == .global { settlesAt = time + options.settlingTime }
        guard let lastWhole else { return whole }
        if let settlesAt, time >= settlesAt {
            self.settlesAt = nil
            return whole
        }
        let wanted = wantedBoxes(motion, tracker)
        let isBusy = !wanted.isEmpty
        if time - lastWhole >= (isBusy ? options.busyInterval : options.idleInterval) || motion.state == .learning {
            return whole
        }
        if isBusy { return plan(for: wanted, tracker.pictureSize) ?? whole }
        guard !motion.cells.isEmpty, time >= nextBoring else { return nil }
        return whole
    }

    /// Learns from the result of a look in which places motion is not an object.
    ///
    /// - Parameters:
    ///   - plan: Where the detector looked.
    ///   - motion: The motion that the gate found in that picture.
    ///   - sightings: What the detector saw, including weak sightings.
    ///   - picture: The size of the picture.
    ///   - time: When the picture was captured.
    public mutating func learn(
        from plan: LookPlan, _ motion: Motion, _ sightings: [Sighting], in picture: PictureSize, at time: Instant
    ) {
        if plan.isWhole(picture) {
            lastWhole = time
            nextBoring = time + options.boringInterval
        }
        boredom.learn(motion, from: plan, sightings, in: picture)
    }

    /// Returns what needs a look: moving objects, standing objects in which something moves, and motion in places where
    /// it may be an object.
    private func wantedBoxes(_ motion: Motion, _ tracker: Tracker) -> [(box: Box, factor: Double)] {
        let picture = tracker.pictureSize
        var wanted: [(box: Box, factor: Double)] = []
        for track in tracker.tracks {
            let box = track.box.intersection(picture.bounds)
            guard !box.isEmpty else { continue }
            let isMoving =
                track.state != .stationary
                || motion.cells.contains { !motion.grid.box(of: $0, in: picture).intersection(box).isEmpty }
            if isMoving { wanted.append((box, Self.trackFactor)) }
        }
        let tracked = wanted.map { LookRegion.around($0.box, factor: $0.factor, minimumSide: 0, in: picture) }
        for region in motion.regions(in: picture, where: { !boredom.isBoring($0) })
        where !tracked.contains(where: { region.share(inside: $0) >= Self.trackedShare }) {
            wanted.append((region, Self.motionFactor))
        }
        return wanted
    }

    /// Returns the regions in which `wanted` should be looked at, or nil if the whole picture is better.
    private mutating func plan(for wanted: [(box: Box, factor: Double)], _ picture: PictureSize) -> LookPlan? {
        guard options.usesRegions else { return nil }
        let input = options.regionInput
        let minimumSide = Double(min(input.width, input.height))
        let wholeScale = min(
            Double(options.wholeInput.width) / Double(picture.width),
            Double(options.wholeInput.height) / Double(picture.height))
        var groups: [(box: Box, factor: Double)] = []
        var regions: [Box] = []
        for item in wanted.sorted(by: { $0.box.area > $1.box.area }) {
            let region = LookRegion.around(item.box, factor: item.factor, minimumSide: minimumSide, in: picture)
            guard minimumSide / region.width >= Self.minimumGain * wholeScale else { return nil }
            if regions.contains(where: { region.share(inside: $0) >= Self.coveredShare }) { continue }
            let shared = groups.indices.first { index in
                let union = LookRegion.around(
                    groups[index].box.union(item.box), factor: item.factor, minimumSide: minimumSide, in: picture)
                return union.width <= Self.sharingFactor * regions[index].width
            }
            if let shared {
                groups[shared].box = groups[shared].box.union(item.box)
                regions[shared] = LookRegion.around(
                    groups[shared].box, factor: item.factor, minimumSide: minimumSide, in: picture)
            } else {
                groups.append(item)
                regions.append(region)
            }
        }
        guard regions.count > options.maximumRegionCount else { return LookPlan(regions: regions) }
        // There are too many regions for one look, so they take turns.
        turn &+= 1
        let chosen = (0..<options.maximumRegionCount).map {
            regions[(turn &* options.maximumRegionCount &+ $0) % regions.count]
        }
        return LookPlan(regions: chosen)
    }
}
