import Linux
import Testing

@testable import Tracking

/// Whether `scripts/test --full` runs the long variants of the tests.
private let isFull = Environment.value("ORIEL_TEST_FULL") != nil

@Suite("Simulated cameras")
struct SimulatorTests {
    @Test(
        "twelve people who hide each other in a street are tracked with the expected accuracy at different look rates",
        arguments: [(10.0, 0.92, 0.84), (5, 0.89, 0.81), (2, 0.78, 0.70)])
    func street(looksPerSecond: Double, accuracy: Double, identity: Double) {
        var sum = TrackingScore()
        for seed in 1...(isFull ? 40 : 8) { sum = sum + StreetRun.run(seed: UInt64(seed), rate: looksPerSecond).score }
        let text = "MOTA \(sum.accuracy), IDF1 \(sum.identity), \(sum.switches) ID switches in \(sum.objects) boxes"
        if isFull { print("  \(looksPerSecond) looks a second: \(text)") }
        #expect(sum.accuracy >= accuracy, "\(text)")
        #expect(sum.identity >= identity, "\(text)")
        #expect(sum.objects > 2000)
    }

    /// Runs a scene once for each seed, and expects exactly one event for each of its objects.
    private func check(
        _ make: (UInt64) -> MadeScene, penalty: @escaping @Sendable (Double) -> Double = { _ in 0 },
        minimumRecall: Double = 0.85, seeds: UInt64? = nil
    ) {
        var recall = 0.0
        let count = seeds ?? (isFull ? 20 : 1)
        for seed in 1...count {
            let scene = make(seed)
            var detector = SceneDetector(seed: seed + 1000)
            detector.penalty = penalty
            let run = SceneRun(scene, detector)
            let faults = run.faults(expecting: scene.objects.count)
            #expect(faults.isEmpty, "seed \(seed): \(faults)")
            #expect(run.newEvents.count == scene.objects.count, "seed \(seed)")
            recall += run.recall / Double(count)
        }
        #expect(recall >= minimumRecall)
    }

    @Test("two people who come one after the other cause two events")
    func crossing() { check(Scenes.crossing) }

    @Test("a person who stands still while the light changes remains one object")
    func standing() { check(Scenes.standing, penalty: { $0 > 15 && $0 < 30 ? 0.2 : 0 }) }

    @Test("a cat keeps its ID while a passing person hides it")
    func passing() { check(Scenes.passing) }

    @Test("a person who walks behind a pillar keeps the same ID")
    func pillar() { check(Scenes.pillar) }

    @Test("a shaking camera causes no events except the events of the person in the picture")
    func shaking() { check(Scenes.shaking) }

    @Test("two people of the same size who meet keep their IDs")
    func meeting() { check(Scenes.meeting) }

    @Test("two distant people, a sixth as high as the picture, are found only by looking at regions")
    func far() {
        check(Scenes.far)
        var options = LookPlanner.Options()
        options.usesRegions = false
        let run = SceneRun(Scenes.far(seed: 1), SceneDetector(seed: 1001), planner: options)
        #expect(run.newEvents.isEmpty)
        #expect(run.recall == 0)
    }

    /// Runs a scene without objects, in which the detector reports false boxes, and takes a bush for a person with a
    /// low score.
    ///
    /// - Returns: The share of the pictures that led to a look.
    private func lookShare(of make: (UInt64, Double) -> MadeScene, seconds: Double) -> Double {
        var detector = SceneDetector(seed: 7)
        detector.bush = Box(left: 940, top: 120, right: 1060, bottom: 320)
        let run = SceneRun(make(7, isFull ? 3600 : seconds), detector)
        #expect(run.looks > 2)
        #expect(run.newEvents.isEmpty, "\(run.newEvents.map(\.after))")
        if isFull { print("  \(run.steps) pictures, \(run.looks) looks, \(run.newEvents.count) events") }
        return run.share
    }

    @Test("a still scene causes no events and hardly any looks")
    func still() { #expect(lookShare(of: Scenes.still, seconds: 30) < 0.15) }

    @Test("slow and sudden changes of the light, flicker and a moving shadow cause no events and few looks")
    func light() { #expect(lookShare(of: Scenes.light, seconds: 60) < 0.3) }

    @Test("trees and rain cause no events")
    func trees() { #expect(lookShare(of: Scenes.trees, seconds: 30) < 0.9) }
}
