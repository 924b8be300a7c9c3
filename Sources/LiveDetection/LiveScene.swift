import Configuration
import Events
import Linux
import SharedFrame
import Tracking

/// The scene of one camera, and the names of the classes that the model knows.
struct LiveScene {
    /// Groups of classes that the model confuses: it may report the same object as any class of a group.
    private static let groups = [["car", "bus", "truck"], ["cat", "dog"]]

    /// The number of the model (``CurrentModel/value``) for which the scene was created.
    let generation: UInt64
    private(set) var analyzer: SceneAnalyzer
    private let labels: [String]

    /// Creates the scene of a camera that has not been looked at.
    ///
    /// - Parameters:
    ///   - labels: The names of the model's classes; empty if there is no model, so that only motion is found.
    ///   - generation: The number of the model.
    ///   - settings: Which objects are of interest, and where.
    ///   - size: The size of the camera's pictures.
    ///   - ids: The IDs of the camera's events.
    init(labels: [String], generation: UInt64, settings: SceneSettings, size: PictureSize, ids: EventIDs) {
        self.generation = generation
        self.labels = labels
        var rules: [Int: ClassRule] = [:]
        for (classID, label) in labels.enumerated() where settings.classes.contains(label) {
            rules[classID] = settings.rule(for: label)
        }
        var gateOptions = MotionGate.Options()
        gateOptions.ignoredAreas = settings.masks.map(\.polygon)
        let groups = Self.groups.map { group in group.compactMap { labels.firstIndex(of: $0) } }
        analyzer = SceneAnalyzer(
            tracker: Tracker(filter: ObjectFilter(rules: rules, groups: groups), pictureSize: size),
            rules: EventRules(zones: settings.zones.map { Zone($0, labels: labels) }, ids: ids),
            gate: MotionGate(options: gateOptions))
    }

    var size: PictureSize { analyzer.tracker.pictureSize }

    mutating func resize(to size: PictureSize) {
        if size != self.size { analyzer.resize(to: size) }
    }

    /// Whether something moves; a look at this camera then takes precedence.
    var isBusy: Bool {
        !analyzer.motion.cells.isEmpty || analyzer.tracker.tracks.contains { $0.state != .stationary }
    }

    mutating func see(_ picture: GreyPicture, at time: Instant) -> LookPlan? { analyzer.see(picture, at: time) }

    /// Updates the objects with the result of a look; returns the events.
    ///
    /// `milliseconds` is the frame's capture time in milliseconds since 1970.
    mutating func finish(
        _ plan: LookPlan, _ sightings: [Sighting], at time: Instant, milliseconds: Int64
    ) -> [ObjectEvent] {
        analyzer.finish(plan, sightings, at: time, milliseconds: milliseconds)
    }

    /// Ends all objects, because there are no more looks; returns their events.
    mutating func stop(at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        analyzer.stop(.stopped, at: time, milliseconds: milliseconds)
    }

    /// The event IDs of the objects that the frame of the newest look shows best.
    var improved: [String] { analyzer.rules.improved }

    /// The number of objects that are in the picture.
    var objectCount: Int { analyzer.tracker.tracks.count { $0.isConfirmed && $0.state != .lost } }

    /// Whether something moved in the newest frame that was searched for motion.
    var hasMotion: Bool { !analyzer.motion.cells.isEmpty }

    /// Returns the results of a frame.
    ///
    /// - Parameters:
    ///   - frame: The frame.
    ///   - number: The number that the frame has in the detector's ring.
    ///   - time: When the frame was captured.
    ///   - look: The look at this frame. If it is nil, the boxes are predicted.
    /// - Returns: The results.
    func result(of frame: FrameDescription, number: UInt64, at time: Instant, look: FinishedLook?) -> FrameResult {
        let isExact = look != nil
        let objects = analyzer.tracker.tracks.compactMap { track -> FrameObject? in
            guard track.isConfirmed, track.state != .lost else { return nil }
            let box = isExact && track.isSeen ? track.sighting.box : track.predictedBox(at: time)
            // The predicted box of an object that leaves the picture may be completely outside.
            guard let box = box?.intersection(size.bounds), !box.isEmpty else { return nil }
            return object(track, box, in: frame, at: time)
        }
        let isStill =
            analyzer.motion.cells.isEmpty && analyzer.tracker.tracks.allSatisfy { $0.state == .stationary }
        return FrameResult(
            number: number, realtime: frame.capture.realtime, size: size,
            look: isExact ? .exact : isStill ? .still : .predicted, duration: look?.duration ?? .zero,
            objects: objects, motion: analyzer.motion.regions(in: size))
    }

    private func object(_ track: Track, _ box: Box, in frame: FrameDescription, at time: Instant) -> FrameObject {
        let age = UInt64(max(0, (time - track.firstSeen).nanoseconds))
        let event = analyzer.rules.object(ofTrack: track.number)
        return FrameObject(
            id: event?.id, number: track.number, label: label(track.classID),
            classID: track.classID, score: track.score, topScore: track.topScore,
            box: box, speed: (track.speedX, track.speedY), state: track.state,
            since: frame.capture.realtime - min(age, frame.capture.realtime), zones: event?.currentZones ?? [])
    }

    /// Returns the name of a class.
    func label(_ classID: Int) -> String {
        labels.indices.contains(classID) ? labels[classID] : "\(classID)"
    }
}

extension Zone {
    /// The number of a class that no model has.
    private static let unknownClass = -1

    init(_ zone: SceneSettings.Zone, labels: [String]) {
        let area = zone.area
        var classes = Set(area.classes.compactMap { labels.firstIndex(of: $0) })
        // Without this, a zone for classes that the model does not know would be a zone for all classes.
        if classes.isEmpty, !area.classes.isEmpty { classes = [Self.unknownClass] }
        self.init(name: area.name, area: area.polygon, classes: classes, enterTime: Duration(inSeconds: zone.seconds))
    }
}
