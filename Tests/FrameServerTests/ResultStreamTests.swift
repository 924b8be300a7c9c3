import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Frames with detection results", .timeLimit(.minutes(1)))
struct ResultStreamTests {
    /// Publishes a picture in a ring of the detector.
    private func show(
        _ jpeg: [UInt8], number: UInt64, flags: FrameFlags = [.results], in publisher: FramePublisher
    ) throws {
        _ = try jpeg.withRawSpan {
            try publisher.publish($0, capture: .now(), width: 64, height: 48, number: number, flags: flags)
        }
    }

    private func publisher(_ server: TestServer, _ kind: RingName.Kind) throws -> FramePublisher {
        let publisher = try FramePublisher(server.ring.ring("main", kind: kind), slotByteCount: 4000, source: .test)
        publisher.setRates(asked: 0.05, measured: 0.05)
        publisher.setState(.live, reason: "")
        return publisher
    }

    /// A picture with detection results that contain `text`.
    private func picture(_ text: String) -> [UInt8] {
        let comment = Array("ORIEL/1 \(text)".utf8)
        return [0xff, 0xd8, 0xff, 0xfe, 0, UInt8(comment.count + 2)] + comment + SampleJPEG.bytes().dropFirst(2)
    }

    @Test("/detect_stream serves pictures with drawn boxes, and with boxes=data the frames with results inside")
    func kinds() throws {
        let server = try TestServer()
        let detect = try publisher(server, .detect)
        let drawn = try publisher(server, .drawn)
        try show(picture("{}"), number: 5, in: detect)
        try show(SampleJPEG.bytes(tag: 9), number: 5, flags: [.results, .drawn], in: drawn)
        for (target, expected) in [
            ("/detect_stream?boxes=data", picture("{}")), ("/detect_stream/main?boxes=data", picture("{}")),
            ("/detect_stream", SampleJPEG.bytes(tag: 9)), ("/detect_stream/main?boxes=drawn", SampleJPEG.bytes(tag: 9)),
        ] {
            let part = try #require(try server.stream(target).part())
            #expect(part.body == expected, "\(target)")
            #expect(part.number == 5)
        }
        #expect(try server.get("/detect_snapshot?boxes=data").body == picture("{}"))
        #expect(try server.get("/detect_snapshot/main").body == SampleJPEG.bytes(tag: 9))
    }

    @Test("look=exact leaves out the frames at which the detector has not looked")
    func exactOnly() throws {
        let server = try TestServer()
        let detect = try publisher(server, .detect)
        try show(picture("{}"), number: 5, flags: [.results, .exact], in: detect)
        let client = try server.stream("/detect_stream?boxes=data&look=exact")
        let all = try server.stream("/detect_stream?boxes=data")
        #expect(try client.part()?.number == 5)
        #expect(try all.part()?.number == 5)
        try show(picture("{}"), number: 6, in: detect)
        #expect(try all.part()?.number == 6)
        try show(picture("{}"), number: 7, flags: [.results, .exact], in: detect)
        #expect(try client.part()?.number == 7)
    }

    @Test("/detect_objects returns the results of the newest frame, or waits for a frame after a given one")
    func objects() throws {
        let server = try TestServer()
        let detect = try publisher(server, .detect)
        try show(picture("{\"seq\":5}"), number: 5, in: detect)
        let answer = try server.get("/detect_objects")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(JSON(answer.text)?["seq"]?.number == 5)
        let client = try server.connect()
        try client.ask("/detect_objects/main?after=5")
        try server.waitForTurn()
        try show(picture("{\"seq\":6}"), number: 6, in: detect)
        #expect(try client.answer().text.contains("\"seq\":6"))
    }

    @Test("results that are not JSON, and frames without results, are not passed on as JSON", arguments: ["{", ""])
    func invalidResults(_ text: String) throws {
        let server = try TestServer()
        let detect = try publisher(server, .detect)
        try show(text.isEmpty ? SampleJPEG.bytes() : picture(text), number: 5, in: detect)
        let answer = try server.get("/detect_objects")
        #expect(answer.status == 503)
        #expect(JSON(answer.text)?["error"]?.string == "no_results")
    }

    @Test(
        "viewers of a detector's frames see a picture that says that it is not running, and live frames once it runs")
    func noDetector() throws {
        let server = try TestServer()
        let client = try server.stream("/detect_stream?boxes=data")
        let picture = try #require(try client.part())
        #expect(picture.headers["x-oriel-offline"] == "the detector is not running, or is off for this camera")
        let detect = try publisher(server, .detect)
        try show(self.picture("{}"), number: 5, in: detect)
        #expect(try client.part()?.number == 5)
        #expect(try server.get("/detect_stream/nobody").status == 404)
        #expect(try server.get("/detect_stream?boxes=maybe").status == 400)
        #expect(try server.get("/detect_stream?look=maybe").status == 400)
        #expect(try server.get("/detect_stream?boxes=data&width=320").status == 400)
        #expect(try server.get("/detect_snapshot?boxes=data&width=320").status == 400)
    }
}
