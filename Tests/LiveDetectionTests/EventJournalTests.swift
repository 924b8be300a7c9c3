import Configuration
import Detection
import DetectionTestSupport
import Events
import Journal
import Linux
import LiveDetection
import SharedFrame
import SystemPackage
import TestSupport
import Testing

extension EventRecord {
    fileprivate var fields: JSON? { line.flatMap { JSON(String(decoding: $0, as: UTF8.self)) } }
}

@Suite(
    "The event journal of live detection", .timeLimit(.minutes(4)),
    .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
struct EventJournalTests {
    private let place = TemporaryFolder()
    private var folder: JournalFolder { JournalFolder(place.path.appending("events"), content: "events") }

    private func records() throws -> [EventRecord] {
        var (records, position) = ([EventRecord](), JournalPosition.start)
        while true {
            let batch = try folder.read(from: position)
            records += batch.lines.compactMap { EventRecord(line: $0.bytes) }
            position = batch.next
            if batch.isAtEnd { return records }
        }
    }

    private func detector(_ mode: DetectionMode = .always) throws -> TestLiveDetector {
        let detector = try TestLiveDetector(mode, journal: folder)
        detector.model.set(.ready(try Installed.detector().loadedModel))
        return detector
    }

    /// Shows a dog until its first event is in the journal.
    private func showDog(_ detector: TestLiveDetector) throws {
        let count = try records().count
        try detector.show([250, 240]) {
            (try? records().dropFirst(count).contains { $0.label == "dog" && $0.type == "new" }) == true
        }
    }

    @Test("an object's first event is written with its picture, and its last one when the detector stops")
    func object() throws {
        let detector = try detector()
        try showDog(detector)
        let new = try #require(try records().first { $0.type == "new" })
        let after = try #require(new.fields?["after"])
        #expect(new.camera == "main")
        #expect(after["box"]?.array?.compactMap(\.number) == [40, 80, 200, 160])
        #expect(after["end_time"] == .null)
        let now = Double(Clock.realtime) / 1e9
        let start = try #require(after["start_time"]?.number)
        #expect((now - 120...now).contains(start))
        let id = try #require(new.id)
        let picture = EventPicture.path(of: id, in: folder.path)
        #expect(eventually { (try? FileStatus(at: picture)) != nil })
        let jpeg = try File.contents(of: picture)
        #expect(try [250, 240].map { try TestLiveDetector.picture($0) }.contains(jpeg))
        detector.stop()
        let all = try records().filter { $0.id == id }
        #expect(all.first?.type == "new")
        #expect(all.filter { $0.type == "end" }.count == 1)
        #expect(all.last?.type == "end")
        #expect(all.last?.fields?["reason"]?.string == "stopped")
        #expect(Set(all.compactMap { $0.fields?["after"]?["start_time"]?.number }) == [start])
    }

    @Test("objects that a killed detector has left are ended once by the next one, which uses other IDs")
    func killed() throws {
        let (id, frigate) = ("1795816090.551-k3x9a2", "1795816090.552-k3x9a2")
        let writer: JournalWriter? = try JournalWriter(owning: folder)
        for line in [
            "{\"type\":\"new\",\"camera\":\"main\",\"after\":{\"id\":\"\(frigate)\",\"frame_time\":3}}",
            "{\"type\":\"new\",\"camera\":\"main\",\"after\":{\"id\":\"\(id)\",\"frame_time\":4.5,\"end_time\":null}}",
            "{\"type\":\"end\",\"camera\":\"main\",\"after\":{\"id\":\"\(frigate)\",\"frame_time\":5}}",
        ] { try writer?.append(Array(line.utf8)) }
        withExtendedLifetime(writer) {}
        _ = consume writer
        for _ in 0..<2 {
            let detector = try detector()
            #expect(eventually { (try? records().count) ?? 0 >= 4 })
            try showDog(detector)
            detector.stop()
        }
        let all = try records()
        let ends = all.filter { $0.id == id && $0.type == "end" }
        #expect(ends.count == 1)
        #expect(ends.first?.fields?["reason"]?.string == "detector_restarted")
        #expect(ends.first?.fields?["after"]?["end_time"]?.number == 4.5)
        #expect(all.filter { $0.id == frigate && $0.type == "end" }.count == 1)
        let new = all.filter { $0.type == "new" }.compactMap(\.id)
        #expect(Set(new).count == new.count)
        for id in new { #expect(all.filter { $0.id == id && $0.type == "end" }.count == 1, "\(id)") }
    }

    @Test("if the journal cannot be written, detection goes on, and the events are written later")
    func unwritable() throws {
        let obstacle = place.path.appending("events")
        try File.replace(obstacle, with: [], permissions: 0o600)
        let detector = try detector()
        try detector.show([250, 240]) { detector.report.map { $0.objects > 0 } == true }
        #expect(eventually { detector.journal["problem"]?.string?.contains("\(obstacle)") == true })
        File.remove(obstacle)
        #expect(eventually { (try? records().contains { $0.type == "new" && $0.label == "dog" }) == true })
        #expect(eventually { detector.journal["problem"]?.string == "" })
    }

    @Test("an object goes on, with one end, if the journal could not be written for a while")
    func interrupted() throws {
        let detector = try detector()
        try showDog(detector)
        let current = folder.path.appending("current.jsonl")
        let aside = folder.path.appending("aside")
        File.move(current, to: aside)
        try Folder.make(current, permissions: 0o755)
        try detector.show([250, 240]) { detector.journal["problem"]?.string?.contains("current.jsonl") == true }
        Folder.remove(current)
        File.move(aside, to: current)
        try detector.show([250, 240]) { detector.journal["problem"]?.string == "" }
        detector.stop()
        let all = try records().filter { $0.label == "dog" }
        #expect(all.filter { $0.type == "new" }.count == 1)
        #expect(all.filter { $0.type == "end" }.map { $0.fields?["reason"]?.string } == ["stopped"])
    }

    @Test("while results are only watched, no events are written")
    func watched() throws {
        let detector = try detector(.watched)
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [250, 240]) { $0.labels == ["dog"] }
        detector.stop()
        #expect((try? FileStatus(at: folder.path)) == nil)
    }
}
