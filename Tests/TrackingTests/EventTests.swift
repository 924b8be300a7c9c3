import Linux
import Testing

@testable import Tracking

@Suite("Events of tracked objects")
struct EventTests {
    private static let box = Box(left: 400, top: 200, right: 450, bottom: 300)

    /// A tracker and event rules, both of which are updated each time the detector has looked at a picture.
    private struct Harness {
        var tracking = TrackerHarness()
        var rules: EventRules
        var events: [ObjectEvent] = []

        init(zones: [Zone] = [], after last: Int64 = 0) {
            rules = EventRules(zones: zones, ids: EventIDs(salt: "door01", after: last))
        }

        mutating func look(
            _ boxes: [Box] = [], score: Double = 0.8, times: Int = 1, speed: Double = 0, interval: Double = 0.2
        ) {
            for look in 0..<times {
                let shift = speed * interval * Double(look)
                tracking.look(
                    boxes.map { Box(left: $0.left + shift, top: $0.top, right: $0.right + shift, bottom: $0.bottom) },
                    score: score, interval: interval)
                tell()
            }
        }

        mutating func tell() {
            events += rules.update(
                tracking.tracker, at: tracking.time, milliseconds: 1_795_816_090_000 + Int64(tracking.seconds * 1000))
        }

        var kinds: [ObjectEvent.Kind] { events.map(\.kind) }
    }

    @Test("an object has one `new` event with the time of its first sighting, and one `end` event with a reason")
    func once() throws {
        var harness = Harness()
        harness.look([Self.box], times: 5)
        harness.look(times: 15)
        #expect(harness.kinds == [.new, .end])
        let new = try #require(harness.events.first)
        #expect(new.before == nil && new.reason == nil)
        #expect(new.after.id == "1795816090.200-door01")
        #expect(harness.events[1].after.id == new.after.id)
        #expect(harness.events[1].reason == .lost)
        #expect(harness.events[1].after.endTime == Instant(nanoseconds: 2_000_000_000))
        #expect(harness.rules.openObjects.isEmpty)
    }

    @Test("an object that was not seen often enough to be confirmed has no events")
    func unconfirmed() {
        var harness = Harness()
        harness.look([Self.box], times: 2)
        harness.look(times: 10)
        #expect(harness.events.isEmpty)
    }

    @Test("when the detector stops, each object has an `end` event with the reason `stopped`, and IDs are not reused")
    func stopped() {
        var harness = Harness()
        harness.look([Self.box], times: 5)
        harness.tracking.tracker.endAll(reason: .stopped)
        harness.tell()
        harness.tell()
        #expect(harness.kinds == [.new, .end])
        #expect(harness.events.last?.reason == .stopped)
        harness.look([Self.box], times: 5)
        #expect(harness.kinds == [.new, .end, .new])
        #expect(Set(harness.events.map(\.after.id)).count == 2)
    }

    @Test("an `update` event follows a change, and also occurs if nothing has changed for a minute")
    func updates() {
        var harness = Harness()
        harness.look([Self.box], times: 40)
        #expect(harness.kinds == [.new])
        harness.look([Self.box], times: 30)
        #expect(harness.kinds == [.new, .update])
        #expect(harness.events[1].before?.isStationary == false && harness.events[1].after.isStationary)
        harness.look([Self.box], times: 270)
        #expect(harness.kinds == [.new, .update])
        harness.look([Self.box], times: 20)
        #expect(harness.kinds == [.new, .update, .update])
    }

    @Test("a change less than two seconds after the previous event is reported once the two seconds have passed")
    func held() {
        var harness = Harness()
        harness.look([Self.box], times: 4)
        harness.look([Self.box], score: 0.95, times: 2)
        #expect(harness.kinds == [.new])
        harness.look([Self.box], times: 9)
        #expect(harness.kinds == [.new, .update])
        #expect(harness.events.last?.after.best.score == 0.95)
    }

    private static func zone(_ name: String, left: Double, right: Double, enter: Duration = .milliseconds(600)) throws
        -> Zone
    {
        let corners = [(left, 0.0), (right, 0), (right, 1), (left, 1)].map { Point(x: $0.0, y: $0.1) }
        return Zone(name: name, area: try #require(Polygon(corners)), enterTime: enter)
    }

    @Test("an object enters a zone after the zone's enter time, 0.6 s by default, and leaves it after 1 s outside")
    func zones() throws {
        var harness = Harness(zones: [
            try Self.zone("garden", left: 0, right: 0.3), try Self.zone("porch", left: 0.405, right: 0.6),
            try Self.zone("bench", left: 0.405, right: 0.6, enter: .seconds(5)),
        ])
        harness.look([Self.box], times: 5)
        #expect(harness.rules.openObjects.first?.currentZones == [])
        harness.look([Self.box])
        #expect(harness.rules.openObjects.first?.currentZones == ["porch"])
        let away = Box(left: 370, top: 200, right: 420, bottom: 300)
        harness.look([away], times: 3)
        harness.look([Self.box])
        #expect(harness.rules.openObjects.first?.currentZones == ["porch"])
        harness.look([away], times: 9)
        #expect(harness.rules.openObjects.first?.currentZones == [])
        #expect(harness.rules.openObjects.first?.enteredZones == ["porch"])
        harness.look([Self.box], times: 40)
        #expect(harness.rules.openObjects.first?.currentZones == ["porch", "bench"])
        #expect(harness.events.contains { $0.kind == .update && $0.after.currentZones == ["porch"] })
    }

    @Test("the best picture has a high score and a large object that no edge cuts; a new one must be over 10 % better")
    func best() throws {
        let size = TrackerHarness.size
        let time = Instant(nanoseconds: 5)
        func picture(_ score: Double, _ box: Box) -> BestPicture {
            BestPicture(Sighting(classID: 0, score: score, box: box), at: time)
        }
        let first = picture(0.6, Self.box)
        #expect(!picture(0.65, Self.box).isBetter(than: first, in: size))
        #expect(picture(0.67, Self.box).isBetter(than: first, in: size))
        let larger = Box(left: 400, top: 200, right: 470, bottom: 320)
        #expect(picture(0.6, larger).isBetter(than: first, in: size))
        let cut = Box(left: 0, top: 200, right: 70, bottom: 320)
        #expect(!picture(0.6, cut).isBetter(than: first, in: size))

        var harness = Harness()
        harness.look([Self.box], score: 0.6, times: 3)
        #expect(harness.rules.improved == harness.events.map(\.after.id))
        harness.look([Self.box], score: 0.6)
        #expect(harness.rules.improved.isEmpty)
        harness.look([Self.box], score: 0.9)
        #expect(harness.rules.improved.count == 1)
    }

    @Test("a parked car that is lost and seen again has no new event until it moves, and then has a new ID")
    func known() {
        var harness = Harness()
        harness.look([Self.box], times: 70)
        harness.look(times: 20)
        harness.look([Self.box], times: 20)
        #expect(harness.kinds == [.new, .update, .end])
        harness.look([Self.box], times: 10, speed: 80)
        #expect(harness.kinds == [.new, .update, .end, .new])
        #expect(harness.events.last?.after.id != harness.events.first?.after.id)
    }

    @Test("event IDs never repeat, even if the clock goes back or the program is restarted")
    func ids() {
        var ids = EventIDs(salt: "a", after: 1_000_005)
        #expect(
            [999_000, 999_000, 2_000_007, 2_000_007].map { ids.next(milliseconds: $0) } == [
                "1000.006-a", "1000.007-a", "2000.007-a", "2000.008-a",
            ])
    }
}
