import Linux
import Testing

@testable import Tracking

@Suite("An object that does not move")
struct StandingTests {
    private let box = TrackerHarness.box

    private func standing() -> TrackerHarness {
        var harness = TrackerHarness()
        harness.look([box], times: 60)
        return harness
    }

    @Test("becomes stationary after ten seconds in its place, at any look rate")
    func stationary() {
        for interval in [0.1, 0.2, 0.5] {
            var harness = TrackerHarness()
            harness.look([box], times: Int(9.5 / interval), interval: interval)
            #expect(harness.states == [.active])
            harness.look([box], times: Int(1 / interval), interval: interval)
            #expect(harness.states == [.stationary])
        }
    }

    @Test("ends only after eight missed looks and three seconds without a sighting, however far apart the looks are")
    func patience() {
        var harness = standing()
        harness.look(times: 7, interval: 10)
        #expect(harness.states == [.stationary])
        #expect(harness.tracker.tracks.first?.predictedBox(at: harness.time) != nil)
        harness.look(interval: 10)
        #expect(harness.states.isEmpty)
        var quick = standing()
        quick.look(times: 14, interval: 0.2)
        #expect(quick.states == [.stationary])
        quick.look(times: 2, interval: 0.2)
        #expect(quick.states.isEmpty)
    }

    @Test("becomes active again when it moves away, but not because of a single wrong box")
    func departure() {
        var harness = standing()
        harness.look([Box(left: 415, top: 200, right: 465, bottom: 300)])
        harness.look([box], times: 3)
        #expect(harness.states == [.stationary])
        harness.look([box], times: 10, speed: 60)
        #expect(harness.states == [.active])
        #expect(harness.tracker.tracks.first?.departures == 1)
        #expect(harness.numbers == [1])
    }

    /// Returns a picture with a textured object in the box, or a uniform picture if `isEmpty` is true.
    private func picture(brightness: Int, isEmpty: Bool = false) -> GreyPicture? {
        var pixels = [UInt8](repeating: UInt8(brightness), count: 125 * 63)
        if !isEmpty {
            for y in 25..<38 {
                for x in 50..<57 { pixels[y * 125 + x] = UInt8(brightness + (x * 7 + y * 11) % 40) }
            }
        }
        return GreyPicture(width: 125, height: 63, pixels: pixels)
    }

    @Test("remains stationary while its place looks unchanged, apart from the light, even if the detector's box moves")
    func unchanged() {
        var harness = TrackerHarness()
        harness.look([box], times: 60, grey: picture(brightness: 100))
        let moved = Box(left: 425, top: 200, right: 475, bottom: 300)
        harness.look([moved], times: 10, grey: picture(brightness: 60))
        #expect(harness.states == [.stationary])
        harness.look([moved], times: 3, grey: picture(brightness: 60, isEmpty: true))
        #expect(harness.states == [.active])
    }

    @Test("is recognised if it is seen again in the same place within five minutes, but counts as new once it moves")
    func known() {
        var harness = standing()
        harness.look(times: 20)
        #expect(harness.states.isEmpty)
        harness.look(interval: 200)
        harness.look([box], times: 3)
        #expect(harness.states == [.stationary])
        #expect(harness.tracker.tracks.first?.isKnown == true)
        harness.look([box], times: 10, speed: 80)
        #expect(harness.tracker.tracks.first?.isKnown == false)
    }

    @Test("counts as new if it is seen again after more than five minutes, in another place, or as another class")
    func news() {
        for (wait, place, kind) in [
            (400.0, box, 0), (100, Box(left: 440, top: 200, right: 490, bottom: 300), 0), (100, box, 1),
        ] {
            var harness = TrackerHarness(rules: [0: ClassRule(), 1: ClassRule()])
            harness.look([box], times: 60)
            harness.look(times: 20)
            harness.look(interval: wait)
            harness.look([place], classID: kind, times: 3)
            #expect(harness.tracker.tracks.map(\.isKnown) == [false], "after \(wait) s, class \(kind)")
        }
    }
}
