@testable import Tracking

/// Simulates a neural network that detects objects in regions of a simulated scene.
///
/// The score depends on the height of an object in the network's input. This relation was measured with YOLOX-nano, on
/// images of people that were pasted into pictures. People who were 60 pixels high had a score above 0.5 in 4 % of the
/// detector's runs, people who were 90 pixels high in 79 %, and people who were 116 pixels high in all runs.
struct SceneDetector {
    /// The sizes of a whole picture and of a square region in the network's input.
    ///
    /// For a whole picture, the input has 416x256 pixels, and the picture does not fill it completely.
    static let inputs = (whole: PictureSize(width: 416, height: 234), region: PictureSize(width: 256, height: 256))

    /// The mean number of false boxes per second; they have random positions and scores from 0.3 to 0.65.
    var falseBoxesPerSecond = 0.3
    /// The box of a bush that looks a little like a person; nil if there is no bush.
    var bush: Box?
    /// Returns how much lower the scores are at a time, for example because of bad light.
    var penalty: @Sendable (Double) -> Double = { _ in 0 }
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Looks at the regions of a plan.
    ///
    /// - Parameters:
    ///   - plan: The regions to look at.
    ///   - scene: The scene to look at.
    ///   - time: The time in the scene, in seconds.
    ///   - interval: The time between pictures in seconds, which determines the probability of false boxes.
    /// - Returns: The sightings, in pixels of the scene's picture.
    mutating func look(_ plan: LookPlan, _ scene: MadeScene, at time: Double, interval: Double) -> [Sighting] {
        let truths = scene.truth(at: time)
        let groups = plan.regions.map { region in
            let isWhole = region == MadeScene.size.bounds
            let given = isWhole ? Self.inputs.whole : Self.inputs.region
            var seen: [Sighting] = []
            for truth in truths {
                let classID = scene.objects[truth.number].classID
                see(truth.box, visibility: truth.visibility, classID, &seen, region, given, at: time)
            }
            if let bush, random.happens(0.8) {
                add(bush, SceneObject.person, score: random.normal(0.3, 0.06), scatter: 0.1, &seen, region, given)
            }
            let share = region.area / MadeScene.size.area
            if random.happens(falseBoxesPerSecond * interval * share) {
                let height = random.uniform(50...250)
                let box = Box(
                    centerX: random.uniform(region.left...region.right),
                    centerY: random.uniform(region.top...region.bottom), width: height * 0.45, height: height)
                add(
                    box.intersection(region), SceneObject.person, score: random.uniform(0.3...0.65), scatter: 0,
                    &seen, region, given)
            }
            return LookRegion.map(
                NoisyDetector.suppressed(seen), given: given, region: region, in: MadeScene.size)
        }
        return LookRegion.merge(groups)
    }

    private mutating func see(
        _ box: Box, visibility: Double, _ classID: Int, _ seen: inout [Sighting], _ region: Box, _ given: PictureSize,
        at time: Double
    ) {
        let inside = box.share(inside: region)
        guard inside > 0.3, visibility > 0.3, random.happens(0.93) else { return }
        let pixels = box.height * Double(given.height) / region.height
        // The score falls by 0.4 times the share of the object that is hidden or outside the region.
        let score = min(0.8, 0.325 + 0.0078 * (pixels - 60)) - 0.4 * (1 - inside * visibility) - penalty(time)
        add(box, classID, score: random.normal(score, 0.1), scatter: 0.04, &seen, region, given)
    }

    /// Adds a sighting whose box is in pixels of the network's input.
    ///
    /// The box is clipped to the region. `scatter` is the typical error of an edge, as a share of the box's mean side.
    private mutating func add(
        _ box: Box, _ classID: Int, score: Double, scatter: Double, _ seen: inout [Sighting], _ region: Box,
        _ given: PictureSize
    ) {
        let deviation = scatter * (box.width + box.height) / 2
        // Where an edge of the region cuts the box, the network finds the box's edge more exactly.
        func edge(_ place: Double, _ limits: (Double, Double), isCut: Bool) -> Double {
            min(
                max(
                    min(max(place, limits.0), limits.1) + random.normal(0, isCut ? deviation / 4 : deviation),
                    limits.0),
                limits.1)
        }
        let across = (region.left, region.right)
        let down = (region.top, region.bottom)
        let cut = Box(
            left: edge(box.left, across, isCut: box.left <= across.0),
            top: edge(box.top, down, isCut: box.top <= down.0),
            right: edge(box.right, across, isCut: box.right >= across.1),
            bottom: edge(box.bottom, down, isCut: box.bottom >= down.1))
        guard score >= 0.05, !cut.isEmpty else { return }
        let x = Double(given.width) / region.width
        let y = Double(given.height) / region.height
        seen.append(
            Sighting(
                classID: classID, score: min(0.97, score),
                box: Box(
                    left: (cut.left - region.left) * x, top: (cut.top - region.top) * y,
                    right: (cut.right - region.left) * x, bottom: (cut.bottom - region.top) * y)))
    }
}
