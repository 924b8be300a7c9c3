public import Linux

/// The parts of a picture at which the detector should look.
public struct LookPlan: Hashable, Sendable {
    /// The regions, in pixels of the picture; for a look at the whole picture, its bounds are the only region.
    public var regions: [Box]

    public init(regions: [Box]) { self.regions = regions }

    func isWhole(_ picture: PictureSize) -> Bool { regions == [picture.bounds] }
}

/// Decides whether a picture is worth a look (a run of the detector), and at which parts of it the detector looks.
///
/// These parts are squares around moving things and tracked objects. The network sees more detail in such a square than
/// in the whole picture. Distant people can only be found in this way.
public struct LookPlanner: Sendable {
    public struct Options: Sendable {
        /// Whether looks at regions are allowed; if they are not, every look is at the whole picture.
        public var usesRegions = true
        /// The size of the network's input for the whole picture, in pixels.
        public var wholeInput = PictureSize(width: 416, height: 256)
        /// The size of the network's input for a region, in pixels.
        public var regionInput = PictureSize(width: 256, height: 256)
        /// The maximum number of regions in a look.
        ///
        /// Two regions already cost more than a look at the whole picture.
        public var maximumRegionCount = 2
        /// The interval between looks at the whole picture while nothing happens.
        public var idleInterval = Duration.seconds(10)
        /// The interval between looks at the whole picture while something moves.
        public var busyInterval = Duration.seconds(2)
        /// The minimum interval between looks that are caused only by boring motion.
        ///
        /// Motion is boring where looks have repeatedly found no object, such as in trees.
        public var boringInterval = Duration.seconds(2)
        /// How long to wait for the light to settle after a change of the whole picture.
        public var settlingTime = Duration.milliseconds(600)

        public init() {}
    }

    /// The ratio of the side of a region to the longer side of a tracked object in it.
    ///
    /// With ratios below 1.7, regions cut objects.
    private static let trackFactor = 2.2
    /// The ratio of the side of a region to the longer side of an area with motion in it.
    ///
    /// This ratio can be smaller, because such an area consists of whole cells, which already provide a margin.
    private static let motionFactor = 1.4
    /// The minimum factor by which the network must see things larger in a region than in the whole picture.
    ///
    /// With a smaller factor, the region would show hardly more detail than the whole picture.
    private static let minimumGain = 1.2
    /// If a region around two things is at most this many times as wide as the larger thing's region, they share it.
    private static let sharingFactor = 1.3
    /// If at least this share of a thing's region lies inside another region, the thing needs no region of its own.
    private static let coveredShare = 0.999
    /// If at least this share of an area with motion lies inside the region of a tracked object, the area needs no
    /// region of its own.
    private static let trackedShare = 0.5

    public let options: Options
    private var boredom = Boredom()
    private var lastWhole: Instant?
    private var settlesAt: Instant?
    private var nextBoring = Instant.distantPast
    private var turn = 0

    public init(options: Options = Options()) { self.options = options }

    /// Returns where to look; nil if the picture is not worth a look.
    public mutating func plan(_ motion: Motion, _ tracker: Tracker, at time: Instant) -> LookPlan? {
        let whole = LookPlan(regions: [tracker.pictureSize.bounds])
        boredom.note(motion, at: time)
        if motion.state == .global { settlesAt = time + options.settlingTime }
        guard let lastWhole else { return whole }
        if let settlesAt, time >= settlesAt {
            self.settlesAt = nil
            return whole
        }
        // A look ends the tracks of objects that have left the picture.
        if tracker.tracks.contains(where: { tracker.hasLeft($0, at: time) }) { return whole }
        let wanted = wantedBoxes(motion, tracker)
        let isBusy = !wanted.isEmpty
        if time - lastWhole >= (isBusy ? options.busyInterval : options.idleInterval) || motion.state == .learning {
            return whole
        }
        if isBusy { return plan(for: wanted, tracker.pictureSize) ?? whole }
        guard !motion.cells.isEmpty, time >= nextBoring else { return nil }
        return whole
    }

    /// Learns where there is motion without objects, from the result of a look.
    ///
    /// - Parameters:
    ///   - plan: Where the detector looked.
    ///   - motion: What the motion gate found in the picture.
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

    /// Returns the boxes that need a look, each with the ratio of its region's side to its own longer side.
    ///
    /// These are the boxes of moving objects, of stationary objects with motion in their boxes, and of other motion
    /// that is not boring.
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

    /// Returns a plan with regions around these boxes; nil if a look at the whole picture is better.
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
