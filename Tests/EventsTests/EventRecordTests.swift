import Events
import JSON
import Linux
import SystemPackage
import Testing

@testable import Tracking

@Suite("Lines of the event journal")
struct EventRecordTests {
    private static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64(seconds * 1e9)) }

    private static func state(_ label: Int = 0) -> ObjectState {
        let box = Box(left: 10, top: 20, right: 110, bottom: 220)
        return ObjectState(
            id: "1795816090.551-k3x9a2", number: 3, time: instant(12), classID: label, score: 0.81234, topScore: 0.9,
            startTime: instant(10), endTime: nil, box: box, isStationary: false, departures: 1,
            currentZones: ["porch"], enteredZones: ["porch", "street"],
            best: BestPicture(Sighting(classID: label, score: 0.9, box: box), at: instant(11)))
    }

    private static func record(_ kind: ObjectEvent.Kind, label: String = "person") -> EventRecord {
        let event = ObjectEvent(
            kind: kind, before: kind == .new ? nil : state(), after: state(), reason: kind == .end ? .left : nil)
        // The camera's clock shows 12 s at 1795816092.5 s.
        let timeline = EventRecord.Timeline(instant: instant(12), realtime: 1_795_816_092_500_000_000)
        return EventRecord(event, camera: "door", frame: 77, timeline: timeline) { _ in label }
    }

    @Test("an event is written in the documented form")
    func form() throws {
        let state = """
            {"id":"1795816090.551-k3x9a2","camera":"door","frame_time":1795816092.500000,"label":"person",\
            "sub_label":null,"score":0.812,"top_score":0.9,"false_positive":false,\
            "start_time":1795816090.500000,"end_time":null,"box":[10.0,20.0,110.0,220.0],"area":20000,"ratio":0.5,\
            "active":true,"stationary":false,"position_changes":1,"current_zones":["porch"],\
            "entered_zones":["porch","street"],"has_snapshot":true,"has_clip":false,\
            "snapshot":{"frame_time":1795816091.500000,"box":[10.0,20.0,110.0,220.0],"score":0.9}}
            """
        let line = try #require(Self.record(.end).line)
        #expect(
            String(decoding: line, as: UTF8.self) == """
                {"type":"end","camera":"door","time":1795816092.500000,"frame":77,"before":\(state),"after":\(state),\
                "reason":"left"}
                """)
        let read = try #require(EventRecord(line: line))
        #expect((read.type, read.camera, read.label, read.id) == ("end", "door", "person", "1795816090.551-k3x9a2"))
    }

    @Test("a line never exceeds the limit of the journal, however long the names are")
    func longNames() throws {
        let line = try #require(Self.record(.end, label: String(repeating: "x", count: 1500)).line)
        #expect(line.count < 4096)
        #expect(EventRecord(line: line)?.json["before"]?.isNull == true)
        #expect(Self.record(.end, label: String(repeating: "x", count: 5000)).line == nil)
    }

    @Test("only an object that has not ended can be ended by a restart")
    func restart() throws {
        let ended = try #require(Self.record(.update).endedByRestart())
        #expect(ended.type == "end")
        #expect(ended.json["after"]?["end_time"]?.text == ended.json["after"]?["frame_time"]?.text)
        #expect(ended.json["reason"]?.string == "detector_restarted")
        #expect(ended.endedByRestart() == nil)
        let motion = EventRecord(motion: true, camera: "door", frame: 1, realtime: 5)
        #expect(motion.endedByRestart() == nil)
        #expect(motion.line.flatMap { EventRecord(line: $0) }?.type == "motion")
    }

    @Test("lines that are not events are refused", arguments: ["", "{", "[]", "{\"type\":1}", "{\"type\":\"new\"}"])
    func invalid(_ text: String) {
        #expect(EventRecord(line: Array(text.utf8)) == nil)
    }

    @Test("names of pictures are only accepted in the form of IDs, so that no other file can be read")
    func pictures() {
        #expect(EventPicture.isValid("1795816090.551-k3x9a2"))
        #expect(EventPicture.milliseconds(ofID: "1795816090.551-k3x9a2") == 1_795_816_090_551)
        #expect(EventPicture.id(ofFile: "1795816090.551-k3x9a2.jpg") == "1795816090.551-k3x9a2")
        for id in [
            "", ".", "..", "../lock", "1.551-", "1.55-a", "1.5511-a", "1-a", ".551-a", "1.551-a/b", "1.551-A",
            "1.551-a-b",
            "1.551-a\u{0}", "+1.551-a",
        ] { #expect(!EventPicture.isValid(id), "\(id)") }
    }
}
