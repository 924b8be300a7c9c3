import Linux
import Testing

@testable import Tracking

@Suite("Looks of the detector")
struct LookTests {
    private let size = PictureSize(width: 1280, height: 720)
    private let time = Instant(nanoseconds: 1_000_000_000)

    private func sighting(_ box: Box, score: Double = 0.8, classID: Int = 0) -> Sighting {
        Sighting(classID: classID, score: score, box: box)
    }

    @Test("a box that was found in a region is converted to pixels of the whole picture")
    func mapping() {
        let region = Box(left: 600, top: 100, right: 1112, bottom: 612)
        let found = LookRegion.map(
            [sighting(Box(left: 50, top: 60, right: 100, bottom: 160))], given: PictureSize(width: 256, height: 256),
            region: region, in: size)
        #expect(found.map(\.box) == [Box(left: 700, top: 220, right: 800, bottom: 420)])
    }

    @Test("a box that an inner edge of the region cuts is dropped, but one that the picture's edge cuts is kept")
    func cut() {
        let given = PictureSize(width: 256, height: 256)
        let cut = Box(left: 0, top: 60, right: 100, bottom: 160)
        func count(_ left: Double) -> Int {
            LookRegion.map(
                [sighting(cut)], given: given, region: Box(left: left, top: 100, right: left + 256, bottom: 356),
                in: size
            ).count
        }
        #expect(count(600) == 0)
        #expect(count(0) == 1)
    }

    @Test("an object that was seen in several regions counts once, even if one region shows only a part of it")
    func merging() {
        let whole = Box(left: 100, top: 100, right: 200, bottom: 300)
        let again = Box(left: 105, top: 102, right: 203, bottom: 305)
        let part = Box(left: 110, top: 110, right: 190, bottom: 180)
        let other = Box(left: 150, top: 100, right: 250, bottom: 300)
        let merged = LookRegion.merge([
            [sighting(whole), sighting(other, score: 0.6)],
            [sighting(again, score: 0.7), sighting(part, score: 0.5), sighting(again, score: 0.65, classID: 1)],
        ])
        #expect(merged.map(\.box) == [whole, again, other])
        #expect(merged.map(\.classID) == [0, 1, 0])
    }

    @Test("a region stays inside the picture, and is the whole picture if the square would not fit into it")
    func around() {
        let corner = Box(left: 0, top: 650, right: 40, bottom: 720)
        #expect(
            LookRegion.around(corner, factor: 2.2, minimumSide: 256, in: size)
                == Box(left: 0, top: 464, right: 256, bottom: 720))
        let large = Box(left: 100, top: 100, right: 300, bottom: 600)
        #expect(LookRegion.around(large, factor: 2.2, minimumSide: 256, in: size) == size.bounds)
    }

    /// Returns motion in the given cells of a picture of 160x90 pixels.
    private func motion(_ cells: [Int], _ state: Motion.State = .motion) -> Motion {
        var motion = Motion()
        motion.grid = CellGrid(width: 160, height: 90)
        motion.cells = cells
        motion.state = cells.isEmpty && state == .motion ? .still : state
        return motion
    }

    private func tracker() -> Tracker {
        Tracker(filter: ObjectFilter(rules: [0: ClassRule()]), pictureSize: size)
    }

    /// Returns a planner that has already looked at the whole picture once, at `time`.
    private func planner(_ options: LookPlanner.Options = LookPlanner.Options()) -> LookPlanner {
        var planner = LookPlanner(options: options)
        _ = planner.plan(motion([]), tracker(), at: time)
        planner.learn(from: LookPlan(regions: [size.bounds]), motion([]), [], in: size, at: time)
        return planner
    }

    @Test("while nothing happens, the detector looks at the whole picture once at the start, and every ten seconds")
    func idle() {
        var planner = LookPlanner()
        #expect(planner.plan(motion([]), tracker(), at: time)?.regions == [size.bounds])
        planner = self.planner()
        #expect(planner.plan(motion([]), tracker(), at: time + .milliseconds(9900)) == nil)
        #expect(planner.plan(motion([]), tracker(), at: time + .seconds(10))?.regions == [size.bounds])
    }

    @Test("motion leads to a look at a region around it, or at the whole picture if regions are disabled")
    func motionRegion() throws {
        var planner = planner()
        // These cells are in columns 4 and 5 and lines 2 and 3, all counted from 0.
        let plan = planner.plan(motion([44, 45, 64, 65]), tracker(), at: time + .milliseconds(200))
        let region = try #require(plan?.regions.first)
        #expect(plan?.regions.count == 1)
        #expect(region.width == 256 && region.height == 256)
        #expect(Box(left: 256, top: 128, right: 384, bottom: 256).share(inside: region) == 1)
        var options = LookPlanner.Options()
        options.usesRegions = false
        planner = self.planner(options)
        #expect(planner.plan(motion([44]), tracker(), at: time + .milliseconds(200))?.regions == [size.bounds])
    }

    @Test("motion leads to a look at the whole picture every two seconds, or at once if the moving thing is large")
    func busy() {
        var planner = planner()
        #expect(planner.plan(motion([44]), tracker(), at: time + .milliseconds(1900))?.regions != [size.bounds])
        #expect(planner.plan(motion([44]), tracker(), at: time + .seconds(2))?.regions == [size.bounds])
        planner = self.planner()
        let wide = Array(40..<60)
        #expect(planner.plan(motion(wide), tracker(), at: time + .milliseconds(200))?.regions == [size.bounds])
    }

    @Test("if more than two regions need a look, they take turns, two in each look")
    func turns() {
        var planner = planner()
        let corners = motion([0, 19, 203, 218])
        var seen: Set<Box> = []
        for step in 1...4 {
            let plan = planner.plan(corners, tracker(), at: time + .milliseconds(200 * step))
            #expect(plan?.regions.count == 2)
            seen.formUnion(plan?.regions ?? [])
        }
        #expect(seen.count == 4)
    }

    @Test("an active object needs looks even without motion, but a stationary one only if something moves in its box")
    func tracks() throws {
        var tracker = tracker()
        var seconds = 0.0
        func look(_ count: Int) {
            for _ in 0..<count {
                seconds += 0.2
                tracker.update(
                    at: time + Duration(inSeconds: seconds),
                    sightings: [sighting(Box(left: 600, top: 300, right: 640, bottom: 400))], regions: [size.bounds])
            }
        }
        var planner = planner()
        look(3)
        let region = try #require(
            planner.plan(motion([]), tracker, at: time + Duration(inSeconds: seconds))?.regions.first)
        #expect(Box(left: 600, top: 300, right: 640, bottom: 400).share(inside: region) == 1)
        look(60)
        let now = time + Duration(inSeconds: seconds)
        planner.learn(from: LookPlan(regions: [size.bounds]), motion([]), [], in: size, at: now)
        #expect(planner.plan(motion([]), tracker, at: now + .milliseconds(200)) == nil)
        // This cell covers x from 576 to 640 and y from 320 to 384.
        #expect(planner.plan(motion([109]), tracker, at: now + .milliseconds(200)) != nil)
    }

    @Test("where looks found no object, motion causes a look only every 2 s, until the motion has stopped for a while")
    func boring() {
        var planner = planner()
        let tree = motion([44, 45])
        var looks = 0
        func watch(_ seconds: Int, from start: Int, _ motion: Motion) -> Int {
            var looks = 0
            for step in 0..<(seconds * 5) {
                let now = time + .milliseconds(start * 1000 + 200 * step)
                guard let plan = planner.plan(motion, tracker(), at: now) else { continue }
                planner.learn(from: plan, motion, [], in: size, at: now)
                looks += 1
            }
            return looks
        }
        looks = watch(2, from: 1, tree)
        #expect(looks >= 3)
        #expect(watch(20, from: 3, tree) <= 11)
        #expect(watch(70, from: 23, motion([])) <= 7)
        #expect(watch(1, from: 94, tree) >= 3)
    }

    @Test("after a change of the whole picture, one look at all of it follows once the light no longer changes")
    func settled() {
        var planner = planner()
        #expect(planner.plan(motion([], .global), tracker(), at: time + .seconds(1)) == nil)
        #expect(planner.plan(motion([]), tracker(), at: time + .milliseconds(1400)) == nil)
        #expect(planner.plan(motion([]), tracker(), at: time + .milliseconds(1600))?.regions == [size.bounds])
        #expect(planner.plan(motion([]), tracker(), at: time + .milliseconds(1800)) == nil)
    }
}
