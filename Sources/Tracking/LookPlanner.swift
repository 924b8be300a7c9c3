public import Linux

/// Where a detector should look.
public struct LookPlan: Hashable, Sendable {
    /// In pixels of the picture; the whole picture is one of them, and then the only one.
    public var regions: [Box]

    func isWhole(_ picture: PictureSize) -> Bool { regions == [picture.bounds] }
}

/// Decides whether a picture is worth a look, and at which parts: around what moves and what is tracked.
///
/// A part of the picture is seen sharper than the whole, which is what finds far people.
public struct LookPlanner: Sendable {
    public struct Options: Sendable {
        /// Without regions every look is at the whole picture.
        public var usesRegions = true
        /// The network's input for the whole picture, and for a region, in pixels.
        public var wholeInput = PictureSize(width: 416, height: 256)
        public var regionInput = PictureSize(width: 256, height: 256)
        /// Two regions cost more than a look at the whole picture.
        public var maximumRegionCount = 2
        /// The whole picture is looked at this often: while nothing happens, and while something does.
        public var idleInterval = Duration.seconds(10)
        public var busyInterval = Duration.seconds(2)
        /// Where motion is always without an object, such as in trees, it leads to a look this often.
        public var boringInterval = Duration.seconds(2)
        /// The light has settled this long after a change of the whole picture.
        public var settlingTime = Duration.milliseconds(600)

        public init() {}
    }

    /// A region is this much larger than what is tracked, or moves, in it.
    ///
    /// Below 1.7 regions cut objects. Motion comes in whole cells, which are a margin of their own.
    private static let trackFactor = 2.2
    private static let motionFactor = 1.4
    /// A region must be seen this much sharper than the whole picture, or it is not worth it.
    private static let minimumGain = 1.2
    /// Two things share a region if it is at most this much larger than that of the larger one.
    private static let sharingFactor = 1.3
    /// Part of a thing that a region must hold for it to be covered.
    private static let coveredShare = 0.999
    /// A thing of which a track shows this share needs no region for its motion.
    private static let trackedShare = 0.5

    public let options: Options
    private var boredom = Boredom()
    private var lastWhole: Instant?
    private var settlesAt: Instant?
    private var nextBoring = Instant.distantPast
    private var turn = 0

    public init(options: Options = Options()) { self.options = options }

    /// Returns where to look, or nil if this picture is not worth it.
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

    /// Learns from the result of a look where motion is without objects.
    ///
    /// - Parameters:
    ///   - plan: Where the detector looked.
    ///   - motion: What the gate found in that picture.
    ///   - sightings: What the detector saw, weak sightings too.
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

    /// Returns what needs a look: moving objects, standing ones with motion in them, and motion that is not boring.
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

    /// Returns regions for what is wanted, or nil if the whole picture is better.
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
        // Too many for one look: take turns.
        turn &+= 1
        let chosen = (0..<options.maximumRegionCount).map {
            regions[(turn &* options.maximumRegionCount &+ $0) % regions.count]
        }
        return LookPlan(regions: chosen)
    }
}
