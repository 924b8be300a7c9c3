import Linux
import Testing

@testable import Tracking

@Suite("The motion gate")
struct MotionTests {
    private static let beginning = Instant(nanoseconds: 1_000_000_000)

    /// Shows a scene to a motion gate at five pictures per second.
    ///
    /// Returns the gate's results without the results of the first three seconds.
    private func motions(
        in scene: MadeScene, options: MotionGate.Options = MotionGate.Options()
    ) -> [(time: Double, motion: Motion)] {
        var scene = scene
        var gate = MotionGate(options: options)
        return (0..<Int(scene.seconds * 5)).compactMap { step in
            let time = Double(step) / 5
            guard let picture = scene.picture(at: time) else { return nil }
            let motion = gate.update(picture, at: Self.beginning + Duration(inSeconds: time))
            return time < 3 ? nil : (time, motion)
        }
    }

    private func walking(seconds: Double = 9) -> MadeScene {
        var scene = MadeScene(seed: 3, seconds: seconds)
        scene.objects = [.walker(height: 200, from: -60, ground: 500, speed: 180, seconds: 4...20)]
        return scene
    }

    @Test("finds no motion if pictures differ only in their noise")
    func noise() {
        let found = motions(in: Scenes.still(seed: 3, seconds: 12))
        #expect(found.count == 45)
        #expect(found.allSatisfy { $0.motion.state == .still })
    }

    @Test("finds motion only where a person walks, and where the person was a short time ago")
    func place() {
        let scene = walking()
        let found = motions(in: scene)
        var count = 0
        for (time, motion) in found {
            guard let truth = scene.truth(at: time).first, truth.visibility > 0.5 else { continue }
            count += 1
            let regions = motion.regions(in: MadeScene.size)
            #expect(motion.state == .motion, "after \(time) s")
            // The regions may extend to the left, where the person hid the background a short time ago.
            #expect(regions.contains { truth.box.share(inside: $0) > 0.8 }, "after \(time) s: \(regions)")
            #expect(regions.allSatisfy { $0.right < truth.box.right + 65 && $0.bottom < 580 && $0.top > 230 })
        }
        #expect(count > 20)
    }

    @Test("does not mistake a change of the light for motion, and still finds motion after such a change")
    func light() {
        var scene = MadeScene(seed: 3, seconds: 14)
        scene.light = { time, _ in time < 5 ? 1 : time < 9 ? 0.7 : time < 12 ? 0.7 + (time - 9) * 0.2 : 1.3 }
        #expect(motions(in: scene).allSatisfy { $0.motion.state == .still || $0.motion.state == .global })
        #expect(motions(in: scene).count { $0.motion.state == .still } > 50)
        var walking = walking()
        walking.light = { time, _ in time < 6 ? 1 : 0.7 }
        #expect(motions(in: walking).filter { $0.time > 6.5 }.allSatisfy { $0.motion.state == .motion })
    }

    @Test("reports a change of the whole picture, and then learns the new picture")
    func global() {
        var gate = MotionGate()
        var other = MadeScene(seed: 99, seconds: 1)
        var scene = MadeScene(seed: 3, seconds: 1)
        var states: [Motion.State] = []
        for step in 0..<40 {
            guard let picture = step < 20 ? scene.picture(at: 0) : other.picture(at: 0) else { continue }
            states.append(gate.update(picture, at: Self.beginning + .milliseconds(200 * step)).state)
        }
        #expect(states[19] == .still)
        #expect(states[20] == .global)
        #expect(states[39] == .still)
    }

    @Test("ignores motion in ignored areas, but not in the rest of the picture")
    func mask() throws {
        var options = MotionGate.Options()
        let corners = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)].map { Point(x: $0.0, y: $0.1) }
        options.ignoredAreas = [try #require(Polygon(corners))]
        let found = motions(in: walking(seconds: 11), options: options)
        #expect(found.filter { $0.time > 5 && $0.time < 7 }.allSatisfy { $0.motion.state == .still })
        #expect(found.filter { $0.time > 9 }.allSatisfy { $0.motion.state == .motion })
    }

    @Test("after a while, treats a thing that was put down as part of the background")
    func learned() {
        var scene = MadeScene(seed: 3, seconds: 90)
        scene.objects = [SceneObject(height: 200, width: 100, seconds: 5...100) { _ in Point(x: 500, y: 500) }]
        let found = motions(in: scene)
        #expect(found.filter { $0.time > 5 && $0.time < 10 }.allSatisfy { $0.motion.state == .motion })
        #expect(found.filter { $0.time > 85 }.allSatisfy { $0.motion.state == .still })
    }

    @Test("learns a new background if the size of the pictures changes")
    func size() throws {
        var gate = MotionGate()
        var scene = MadeScene(seed: 3, seconds: 1)
        for step in 0..<20 {
            let picture = scene.picture(at: 0)
            _ = gate.update(try #require(picture), at: Self.beginning + .milliseconds(200 * step))
        }
        let small = try #require(GreyPicture(width: 81, height: 45, pixels: Array(repeating: 7, count: 81 * 45)))
        let motion = gate.update(small, at: Self.beginning + .seconds(5))
        #expect(motion.state == .learning)
        #expect(motion.grid.columns == 11 && motion.grid.rows == 6)
        #expect(gate.update(small, at: Self.beginning + .seconds(8)).state == .still)
        #expect(GreyPicture(width: 8, height: 8, pixels: []) == nil)
    }
}
