import Linux

@testable import Tracking

/// Runs a simulated scene through the whole analysis, from its pictures to events.
struct SceneRun {
    private(set) var events: [ObjectEvent] = []
    private(set) var steps = 0
    private(set) var looks = 0
    /// For the ID of each event, the numbers of the objects that the event's boxes showed, in order of time.
    private var shown: [String: [Int]] = [:]
    /// The number of clearly visible objects in a picture, added up over all pictures.
    private(set) var visibleSteps = 0
    /// How many of the clearly visible objects a confirmed track's box covered, added up over all pictures.
    private(set) var foundSteps = 0

    var newEvents: [ObjectEvent] { events.filter { $0.kind == .new } }
    /// The share of the pictures that the detector looked at.
    var share: Double { Double(looks) / Double(max(1, steps)) }
    /// The share of the clearly visible objects that were covered by a confirmed track's box.
    var recall: Double { Double(foundSteps) / Double(max(1, visibleSteps)) }

    init(
        _ scene: MadeScene, _ detector: SceneDetector, looksPerSecond: Double = 5,
        planner: LookPlanner.Options = LookPlanner.Options(), zones: [Zone] = []
    ) {
        var scene = scene
        var detector = detector
        let filter = ObjectFilter(rules: [SceneObject.person: ClassRule(), SceneObject.cat: ClassRule()])
        var analyzer = SceneAnalyzer(
            tracker: Tracker(filter: filter, pictureSize: MadeScene.size),
            rules: EventRules(zones: zones, ids: EventIDs(salt: "test")), planner: LookPlanner(options: planner))
        let beginning = Instant(nanoseconds: 1_000_000_000_000)
        let interval = 1 / looksPerSecond
        for step in 0..<Int(scene.seconds * looksPerSecond) {
            let time = Double(step) * interval
            let moment = beginning + Duration(inSeconds: time)
            guard let picture = scene.picture(at: time) else { continue }
            steps += 1
            if let plan = analyzer.see(picture, at: moment) {
                looks += 1
                let sightings = detector.look(plan, scene, at: time, interval: interval)
                events += analyzer.finish(plan, sightings, at: moment, milliseconds: Int64(time * 1000))
            }
            compare(analyzer, scene.truth(at: time), at: moment)
        }
        events += analyzer.stop(
            .stopped, at: beginning + Duration(inSeconds: scene.seconds), milliseconds: Int64(scene.seconds * 1000))
    }

    private mutating func compare(_ analyzer: SceneAnalyzer, _ truths: [Truth], at time: Instant) {
        let visible = truths.filter { $0.visibility > 0.7 }
        visibleSteps += visible.count
        for truth in visible {
            let isFound = analyzer.tracker.tracks.contains {
                $0.isConfirmed && ($0.predictedBox(at: time)?.overlap(truth.box) ?? 0) >= 0.5
            }
            if isFound { foundSteps += 1 }
        }
        for track in analyzer.tracker.tracks where track.isSeen {
            guard let id = analyzer.rules.object(ofTrack: track.number)?.id else { continue }
            let overlaps = truths.map { (number: $0.number, overlap: $0.box.overlap(track.sighting.box)) }
            guard let best = overlaps.max(by: { $0.overlap < $1.overlap }), best.overlap >= 0.4 else { continue }
            shown[id, default: []].append(best.number)
        }
    }

    /// For each new event, the numbers of the first and the last object that its boxes showed; nil if they showed none.
    var objects: [(first: Int?, last: Int?)] {
        newEvents.map { (shown[$0.after.id]?.first, shown[$0.after.id]?.last) }
    }

    /// Returns a sentence for each mistake in the events.
    ///
    /// The result is empty if each object has exactly one event with one end, and if the first and the last box of each
    /// event show the same object.
    func faults(expecting count: Int) -> [String] {
        var faults: [String] = []
        let ids = newEvents.map(\.after.id)
        if Set(ids).count != ids.count { faults.append("an ID was used twice") }
        for id in ids where events.count(where: { $0.kind == .end && $0.after.id == id }) != 1 {
            faults.append("\(id) does not have exactly one end event")
        }
        for number in 0..<count {
            let own = objects.count { $0.first == number }
            if own != 1 { faults.append("object \(number) has \(own) new events instead of one") }
        }
        for (id, object) in zip(ids, objects) {
            if object.first == nil { faults.append("\(id) never shows an object") }
            if object.first != object.last {
                faults.append("\(id) shows object \(object.first ?? -1) first, but object \(object.last ?? -1) last")
            }
        }
        return faults
    }
}
