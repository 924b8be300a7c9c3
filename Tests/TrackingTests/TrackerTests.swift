import Linux
import Testing

@testable import Tracking

/// A tracker with its own clock, which tracks one class by default.
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

    /// Updates the tracker with one or more looks; in each look, the detector sees all boxes.
    ///
    /// - Parameters:
    ///   - boxes: The boxes in the first look; later looks see them moved according to `speed`.
    ///   - score: The score of each sighting.
    ///   - classID: The class of each sighting.
    ///   - times: The number of looks.
    ///   - interval: The time before each look, in seconds.
    ///   - speed: How fast the boxes move to the right, in pixels per second.
    ///   - regions: The parts of the picture at which the detector looks.
    ///   - grey: The small grey picture that each look uses, or nil for none.
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

    @Test("confirms an object after three sightings and at least 200 ms, at any look rate")
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

    @Test("does not confirm an object whose median score is below 0.5, and begins no track with a score below 0.5")
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

    @Test("marks an object as lost after half a second without a sighting, and ends its track after two seconds")
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

    @Test("recognises an object that is seen again within two seconds")
    func back() {
        var harness = TrackerHarness()
        harness.look([box], times: 8, speed: 50)
        harness.look(times: 5)
        harness.look([Box(left: 540, top: 200, right: 590, bottom: 300)])
        #expect(harness.numbers == [1])
        #expect(harness.states == [.active])
    }

    @Test("keeps an object during a long pause between looks")
    func pause() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look(interval: 30)
        harness.look(times: 2)
        #expect(harness.numbers == [1])
        harness.look([box])
        // The object is where it was half a minute ago, so it is stationary.
        #expect(harness.numbers == [1] && harness.states == [.stationary])
    }

    @Test("does not count an object as missed by a look at regions that do not contain it")
    func regions() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look(times: 50, regions: [Box(left: 0, top: 0, right: 256, bottom: 256)])
        #expect(harness.numbers == [1])
        harness.look(times: 50, regions: [Box(left: 350, top: 150, right: 606, bottom: 406)])
        #expect(harness.numbers.isEmpty)
    }

    @Test("ends a track with the reason `left` if the object was last seen at an edge of the picture")
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

    @Test("continues a track with weak sightings, but begins no track with them")
    func weak() {
        var harness = TrackerHarness()
        harness.look([box], times: 5, speed: 20)
        harness.look([Box(left: 420, top: 200, right: 470, bottom: 300)], score: 0.15, times: 20, speed: 20)
        #expect(harness.numbers == [1] && harness.states == [.active])
        var nothing = TrackerHarness()
        nothing.look([box], score: 0.3, times: 20)
        #expect(nothing.numbers.isEmpty)
    }

    @Test("begins no second track if the detector reports an object twice, with nearly the same box")
    func double() {
        var harness = TrackerHarness()
        harness.look([box], times: 5)
        harness.look([box, Box(left: 408, top: 205, right: 458, bottom: 305)], times: 5)
        #expect(harness.numbers == [1])
        harness.look([box, Box(left: 430, top: 205, right: 480, bottom: 305)], times: 5)
        #expect(harness.numbers.count == 2)
    }

    @Test("does not shrink a box because of weak sightings that show only a part of the object")
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

    @Test("does not confuse two people who pass each other")
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

    @Test("keeps the number of an object that passes behind another one and is seen only in part", arguments: [5, 10])
    func passingBehind(looksPerSecond: Int) throws {
        var harness = TrackerHarness()
        for look in 0..<(10 * looksPerSecond) {
            let seconds = Double(look) / Double(looksPerSecond)
            let front = Box(left: 900 - 100 * seconds, top: 195, right: 1017 - 100 * seconds, bottom: 325)
            let whole = Box(left: 100 + 90 * seconds, top: 198, right: 186 + 90 * seconds, bottom: 320)
            // The detector sees what the other object does not hide, if that is at least two fifths of the object.
            var visible = whole
            if whole.left < front.left { visible.right = min(whole.right, front.left) }
            if whole.left >= front.left { visible.left = max(whole.left, front.right) }
            let isVisible = visible.width >= 0.4 * whole.width
            harness.look(isVisible ? [front, visible] : [front], interval: 1 / Double(looksPerSecond))
        }
        #expect(harness.numbers == [1, 2])
        let back = try #require(harness.tracker.tracks.last)
        #expect(abs(back.speedX - 90) < 15)
        #expect(back.box.width > 70)
    }

    @Test("keeps an unseen object for four more seconds if another object hides it")
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

    @Test("follows a car as one object even if the detector sometimes reports it as a bus")
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

    @Test("continues its tracks when the picture's size changes")
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

    @Test("predicts the box of a moving object for half a second after the last sighting")
    func prediction() throws {
        var harness = TrackerHarness()
        harness.look([box], times: 10, speed: 50)
        let track = try #require(harness.tracker.tracks.first)
        let soon = try #require(track.predictedBox(at: harness.time + .milliseconds(200)))
        #expect(abs(soon.left - 500) < 3)
        #expect(track.predictedBox(at: harness.time + .milliseconds(600)) == nil)
    }

    @Test("ignores invalid boxes, and boxes beyond the maximum number of tracks")
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
