import Configuration
import Detection
import Events
import Linux
import SharedFrame
import Testing
import Tracking

@testable import LiveDetection

@Suite("The results of a frame")
struct LiveSceneTests {
    private static let size = PictureSize(width: 320, height: 240)
    private static let beginning = Instant(nanoseconds: 1_000_000_000_000)

    /// A scene with one model class, in which a person has walked to the right with a speed of 200 pixels per second.
    ///
    /// The person's left edge was at `left` when the last look ended, and a look takes place every 200 ms.
    private func scene(endingAt left: Double) -> (scene: LiveScene, time: Instant) {
        var scene = LiveScene(
            labels: ["person"], generation: 1, settings: SceneSettings(), size: Self.size, ids: EventIDs(salt: "test"))
        let count = 8
        var time = Self.beginning
        for look in 0..<count {
            time = Self.beginning + .milliseconds(200 * look)
            let x = left - 40 * Double(count - 1 - look)
            let box = Box(left: x, top: 80, right: min(x + 50, 320), bottom: 200)
            let plan = LookPlan(regions: [Self.size.bounds])
            _ = scene.finish(
                plan, [Sighting(classID: 0, score: 0.9, box: box)], at: time, milliseconds: Int64(look) * 200)
        }
        return (scene, time)
    }

    private func result(_ scene: LiveScene, at time: Instant) -> FrameResult {
        let frame = FrameDescription(
            number: 7, capture: CaptureTime(monotonic: time.nanoseconds, realtime: 1_795_816_090_000_000_000),
            byteCount: 1, width: 320, height: 240, published: time.nanoseconds)
        return scene.result(of: frame, number: 7, at: time, look: nil)
    }

    @Test("the predicted box of an object that leaves the picture is clipped, and disappears with the object")
    func leaving() throws {
        let (scene, time) = scene(endingAt: 255)
        var counts: [Int] = []
        for step in 0..<20 {
            let result = result(scene, at: time + .milliseconds(25 * step))
            counts.append(result.objects.count)
            for object in result.objects {
                let box = object.box
                #expect(!box.isEmpty && box.left >= 0 && box.top >= 0 && box.right <= 320 && box.bottom <= 240)
                // Drawing must accept every box.
                let jpeg = try TestLiveDetector.picture(128)
                let drawn = try jpeg.withRawSpan { (bytes) throws(DetectionError) in
                    try Overlay.draw([Prediction(object)], on: bytes)
                }
                #expect(!drawn.isEmpty)
            }
        }
        #expect(counts.first == 1)
        #expect(counts.last == 0)
    }

    @Test("an empty box is not drawn")
    func emptyBox() throws {
        let box = Prediction.Box(left: 321, top: 10, right: 320, bottom: 5)
        let prediction = Prediction(classID: 0, label: "person", confidence: 0.5, box: box)
        let jpeg = try TestLiveDetector.picture(128)
        let drawn = try jpeg.withRawSpan { (bytes) throws(DetectionError) in try Overlay.draw([prediction], on: bytes) }
        #expect(!drawn.isEmpty)
    }

    @Test("a picture in which something moves is not called still")
    func look() {
        let empty = LiveScene(
            labels: [], generation: 1, settings: SceneSettings(), size: Self.size, ids: EventIDs(salt: "test"))
        #expect(result(empty, at: Self.beginning).look == .still)
        let (walking, time) = scene(endingAt: 100)
        #expect(result(walking, at: time).look == .predicted)
    }
}
