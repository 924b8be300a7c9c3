import Linux
import Testing

@testable import Tracking

/// A tracker with a clock, for one class.
struct TrackerHarness {
    static let size = PictureSize(width: 1000, height: 500)
    static let box = Box(left: 400, top: 200, right: 450, bottom: 300)

    var tracker: Tracker
    var seconds = 0.0
    var time: Instant { Instant(nanoseconds: 1_000_000_000) + Duration(inSeconds: seconds) }

    init(rules: [Int: ClassRule] = [0: ClassRule()], groups: [[Int]] = [], options: TrackerOptions = TrackerOptions()) {
        tracker = Tracker(
            filter: ObjectFilter(rules: rules, groups: groups), pictureSize: Self.size, options: options)
    }

    /// Makes the tracker look several times at boxes that move from look to look.
    mutating func look(
        _ boxes: [Box] = [], score: Double = 0.8, classID: Int = 0, times: Int = 1, interval: Double = 0.2,
        speed: Double = 0, regions: [Box] = [Self.size.bounds], grey: GreyPicture? = nil
    ) {
        for look in 0..<times {
            seconds += interval
            let shift = speed * interval * Double(look)
            tracker.update(
                at: time,
                sightings: boxes.map {
                    Sighting(
                        classID: classID, score: score,
                        box: Box(left: $0.left + shift, top: $0.top, right: $0.right + shift, bottom: $0.bottom))
                }, regions: regions, grey: grey)
        }
    }

    var states: [Track.State] { tracker.tracks.map(\.state) }
    var numbers: [Int] { tracker.tracks.map(\.number) }
}

@Suite("A tracker")
struct TrackerTests {
    private let box = TrackerHarness.box

    @Test("counts an object after three sightings over 200 ms, whatever the rate of looks")
    func confirmation() {
        var slow = TrackerHarness()
        slow.look([box], times: 2)
        #expect(slow.states == [.tentative])
        slow.look([box])
        #expect(slow.states == [.active])
        var fast = TrackerHarness()
        fast.look([box], times: 6, interval: 0.033)
        #expect(fast.states == [.tentative])
        fast.look([box], times: 2, interval: 0.033)
        #expect(fast.states == [.active])
    }

    @Test("does not count what is seen with low scores, or only once")
    func unsure() {
        var harness = TrackerHarness()
        harness.look([box], score: 0.51)
        harness.look([box], score: 0.42, times: 20)
        #expect(harness.states == [.tentative])
        harness.look(times: 4)
        #expect(harness.tracker.endedTracks.map(\.endReason) == [.unconfirmed])
        harness.look([box], score: 0.45, times: 5)
        #expect(harness.states.isEmpty)
    }

    @Test("loses an object after half a second, and ends it after two seconds and three looks without a sighting")
    func lost() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look(times: 2)
        #expect(harness.states == [.active])
        harness.look(times: 1)
        #expect(harness.states == [.lost])
        harness.look(times: 7)
        #expect(harness.states == [.lost])
        harness.look(times: 1)
        #expect(harness.tracker.endedTracks.map(\.endReason) == [.lost])
    }

    @Test("takes an object that comes back within two seconds for the same one")
    func back() {
        var harness = TrackerHarness()
        harness.look([box], times: 8, speed: 50)
        harness.look(times: 5)
        harness.look([Box(left: 540, top: 200, right: 590, bottom: 300)])
        #expect(harness.numbers == [1])
        #expect(harness.states == [.active])
    }

    @Test("ends nothing by time in which nobody looked")
    func pause() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look(interval: 30)
        harness.look(times: 2)
        #expect(harness.numbers == [1])
        harness.look([box])
        // It is where it was half a minute ago.
        #expect(harness.numbers == [1] && harness.states == [.stationary])
    }

    @Test("does not miss an object outside the regions that were looked at")
    func regions() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look(times: 50, regions: [Box(left: 0, top: 0, right: 256, bottom: 256)])
        #expect(harness.numbers == [1])
        harness.look(times: 50, regions: [Box(left: 350, top: 150, right: 606, bottom: 406)])
        #expect(harness.numbers.isEmpty)
    }

    @Test("says that an object was at the edge when it was last seen")
    func left() {
        var harness = TrackerHarness()
        harness.look([Box(left: 880, top: 200, right: 950, bottom: 400)], times: 4, speed: 80)
        harness.look([Box(left: 955, top: 200, right: 999, bottom: 400)], times: 2)
        harness.look(times: 12)
        #expect(harness.tracker.tracks.isEmpty)
        var inside = TrackerHarness()
        inside.look([box], times: 5)
        inside.look(times: 11)
        #expect(inside.tracker.endedTracks.first?.endReason == .lost)
        var edge = TrackerHarness()
        edge.look([Box(left: 955, top: 200, right: 999, bottom: 400)], times: 5)
        edge.look(times: 11)
        #expect(edge.tracker.endedTracks.first?.endReason == .left)
    }

    @Test("follows an object by weak sightings, but begins none with them")
    func weak() {
        var harness = TrackerHarness()
        harness.look([box], times: 5, speed: 20)
        harness.look([Box(left: 420, top: 200, right: 470, bottom: 300)], score: 0.15, times: 20, speed: 20)
        #expect(harness.numbers == [1] && harness.states == [.active])
        var nothing = TrackerHarness()
        nothing.look([box], score: 0.3, times: 20)
        #expect(nothing.numbers.isEmpty)
    }

    @Test("begins no second track on top of an object that is seen twice")
    func double() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look([box, Box(left: 408, top: 205, right: 458, bottom: 305)], times: 5)
        #expect(harness.numbers == [1])
        harness.look([box, Box(left: 430, top: 205, right: 480, bottom: 305)], times: 5)
        #expect(harness.numbers.count == 2)
    }

    @Test("is not shrunk by a weak glimpse of a hidden person")
    func sliver() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look([Box(left: 400, top: 200, right: 425, bottom: 300)], score: 0.2, times: 3)
        #expect((harness.tracker.tracks.first?.box.width ?? 0) > 45)
    }

    @Test("follows an object that moves by more than its width between two looks")
    func fast() {
        var harness = TrackerHarness()
        harness.look([Box(left: 100, top: 200, right: 150, bottom: 300)], times: 8, interval: 0.5, speed: 120)
        #expect(harness.numbers == [1])
        #expect(abs((harness.tracker.tracks.first?.speedX ?? 0) - 120) < 15)
    }

    @Test("keeps two people apart who pass each other")
    func passing() {
        var harness = TrackerHarness()
        for look in 0..<30 {
            let x = Double(look) * 20
            harness.look([
                Box(left: 100 + x, top: 200, right: 150 + x, bottom: 300),
                Box(left: 700 - x, top: 205, right: 750 - x, bottom: 305),
            ])
        }
        #expect(harness.numbers == [1, 2])
        #expect((harness.tracker.tracks.first?.box.left ?? 0) > 600)
    }

    @Test("lets a hidden object wait behind the one that hides it, for four seconds")
    func covered() {
        var harness = TrackerHarness()
        func front(_ left: Double) -> Box { Box(left: left, top: 180, right: left + 90, bottom: 330) }
        for step in 0..<6 { harness.look([box, front(320 + 10 * Double(step))]) }
        let front = front(380)
        harness.look([front], times: 17)
        #expect(harness.numbers == [1, 2])
        harness.look([front, box])
        #expect(harness.numbers == [1, 2] && harness.states == [.active, .active])
        harness.look([front], times: 25)
        #expect(harness.numbers == [1, 2])
        harness.look([front], times: 10)
        #expect(harness.numbers == [2])
    }

    @Test("takes a car that is seen as a bus now and then for one car")
    func groups() {
        let rules = [2: ClassRule(), 5: ClassRule(), 0: ClassRule()]
        var harness = TrackerHarness(rules: rules, groups: [[2, 5, 7]])
        for _ in 0..<6 {
            harness.look([box], classID: 2, times: 2)
            harness.look([box], classID: 5)
        }
        #expect(harness.numbers == [1])
        #expect(harness.tracker.tracks.first?.classID == 2)
        harness.look([box], classID: 0, times: 4)
        #expect(harness.numbers.count == 2)
    }

    @Test("follows a change of the picture's size")
    func resize() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.tracker.resize(to: PictureSize(width: 500, height: 250))
        harness.look(
            [Box(left: 200, top: 100, right: 225, bottom: 150)],
            regions: [Box(left: 0, top: 0, right: 500, bottom: 250)])
        #expect(harness.numbers == [1])
        #expect(abs((harness.tracker.tracks.first?.box.left ?? 0) - 200) < 1)
    }

    @Test("predicts boxes between looks for half a second, and standing ones as long as they stand")
    func prediction() throws {
        var harness = TrackerHarness()
        harness.look([box], times: 10, speed: 50)
        let track = try #require(harness.tracker.tracks.first)
        let soon = try #require(track.predictedBox(at: harness.time + .milliseconds(200)))
        #expect(abs(soon.left - 500) < 3)
        #expect(track.predictedBox(at: harness.time + .milliseconds(600)) == nil)
    }

    @Test("survives boxes without sense, and more than it can hold")
    func nonsense() {
        var harness = TrackerHarness()
        let nan = Double.nan
        harness.look(
            [Box(left: nan, top: 0, right: 1, bottom: 1), Box(left: 5, top: 5, right: 1, bottom: 1)], times: 3)
        harness.look([Box(left: 0, top: 0, right: .infinity, bottom: 1)], times: 3)
        #expect(harness.numbers.isEmpty)
        let many = (0..<400).map { Box(left: Double($0) * 2, top: 0, right: Double($0) * 2 + 1, bottom: 1) }
        harness.look(many, times: 2)
        #expect(harness.numbers.count == Tracker.maximumTrackCount)
    }
}
