import DetectionTestSupport
import DetectionServer
import Linux
import SharedFrame
import TestSupport
import Testing

@Suite(
    "Detection in a camera's pictures", .timeLimit(.minutes(2)),
    .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
struct CameraTests {
    @Test("detection processes a camera's newest frame, and the result links to exactly that picture")
    func newestFrame() throws {
        let detector = try TestDetector()
        let publisher = try detector.slowCamera()
        let jpeg = try greyJPEG(250)
        let number = try publisher.show(jpeg)
        let answer = try detector.ask("/detect_once")
        #expect(answer.status == 200)
        #expect(answer.text.contains("\"camera\":\"main\",\"seq\":\(number)"))
        let image = try #require(link("image", in: answer.text))
        let picture = try detector.ask(image, method: "GET")
        #expect(picture.status == 200)
        #expect(picture.body == jpeg)
        #expect(picture.headers["x-frame-id"] == "\(number)")
        let overlay = try detector.ask(try #require(link("overlay", in: answer.text)), method: "GET")
        #expect(overlay.status == 200)
        #expect(overlay.body != jpeg && overlay.body.starts(with: [0xff, 0xd8]))
        let json = try detector.ask(try #require(link("json", in: answer.text)), method: "GET")
        #expect(json.text.contains("\"label\":\"dog\""))
        #expect(try detector.ask("/detect_once/other").status == 404)
    }

    @Test("a request for a frame number succeeds while the ring or a stored result has that frame, and then gets 410")
    func namedFrame() throws {
        let detector = try TestDetector()
        let publisher = try FramePublisher(detector.ring.name, slotByteCount: 4000, source: .test)
        publisher.setState(.live, reason: "")
        var numbers: [UInt64] = []
        for shade in [255, 0] as [UInt8] {
            numbers.append(try publisher.show(greyJPEG(shade)))
        }
        #expect(try detector.ask("/detect_once?frame=\(numbers[0])").text.contains("\"count\":1"))
        for _ in 0..<20 { try publisher.show(greyJPEG(1)) }
        // The frame is no longer in the ring, but its result is still stored.
        #expect(try detector.ask("/detect_once/main?frame=\(numbers[0])").text.contains("\"count\":1"))
        let gone = try detector.ask("/detect_once?frame=\(numbers[1])")
        #expect(gone.status == 410)
        #expect(gone.text.contains("\"error\":\"frame_gone\""))
        #expect(try detector.ask("/detect_once?frame=abc").status == 400)
    }

    @Test("requests for the same frame share one result")
    func sharing() throws {
        let detector = try TestDetector()
        let publisher = try detector.slowCamera()
        try publisher.show(greyJPEG(255))
        let clients = try (0..<20).map { _ in try detector.begin("/detect_once") }
        let links = try clients.map { client in link("image", in: try client.answer().text) }
        #expect(Set(links).count == 1)
        #expect(try detector.ask("/detect/status", method: "GET").text.contains("\"inference\":{\"count\":1"))
    }

    @Test("a request for a stale camera shows interest in its ring and waits for a fresh frame")
    func staleFrame() throws {
        let detector = try TestDetector()
        let publisher = try detector.slowCamera()
        publisher.setState(.idle, reason: "")
        #expect(!publisher.isWatched)
        let client = try detector.begin("/detect_once")
        while !publisher.isWatched { try publisher.heartbeat() }
        publisher.setState(.live, reason: "")
        try publisher.show(greyJPEG(255))
        #expect(try client.answer().status == 200)
        #expect(!publisher.isWatched)
    }

    @Test("a request waits for the next frame of a camera that has been idle")
    func unwatchedCamera() throws {
        let detector = try TestDetector()
        try detector.waitUntilLoaded()
        let publisher = try FramePublisher(detector.ring.name, slotByteCount: 4000, source: .test)
        // While a camera is idle, its measured rate falls to a value as low as this.
        publisher.setRates(asked: 30, measured: 0.5)
        publisher.setState(.live, reason: "")
        let old = try publisher.show(greyJPEG(255))
        Poll.wait([], milliseconds: 300)
        let client = try detector.begin("/detect_once")
        #expect(eventually { publisher.isWatched })
        var answer: FastCGIClient.Answer?
        // The camera delivers pictures until the response arrives.
        for _ in 0..<500 where answer == nil {
            try publisher.show(greyJPEG(255))
            answer = try? client.answer(milliseconds: 20)
        }
        #expect(answer?.status == 200)
        #expect(answer?.text.contains("\"seq\":\(old),") == false)
        #expect(eventually { !publisher.isWatched })
    }

    @Test("a request skips the old picture that a relay delivers first, even if all pictures have old times")
    func relayedFrame() throws {
        let detector = try TestDetector()
        try detector.waitUntilLoaded()
        let publisher = try FramePublisher(detector.ring.name, slotByteCount: 4000, source: .test)
        publisher.setRates(asked: 30, measured: 30)
        publisher.setState(.live, reason: "")
        let client = try detector.begin("/detect_once")
        #expect(eventually { publisher.isWatched })
        let jpeg = try greyJPEG(255)
        var first: UInt64?
        var answer: FastCGIClient.Answer?
        for _ in 0..<500 where answer == nil {
            var time = CaptureTime.now()
            time.monotonic -= 2_000_000_000
            let number = try jpeg.withRawSpan { try publisher.publish($0, capture: time, width: 64, height: 64) }
            first = first ?? number
            answer = try? client.answer(milliseconds: 20)
        }
        #expect(answer?.status == 200)
        #expect(try answer?.text.contains("\"seq\":\(#require(first)),") == false)
    }

    @Test("a camera that sends nothing is reported as offline after the timeout")
    func silentCamera() throws {
        let detector = try TestDetector()
        let publisher = try FramePublisher(detector.ring.name, slotByteCount: 4000, source: .test)
        publisher.setRates(asked: 30, measured: 30)
        publisher.setState(.live, reason: "")
        try publisher.show(greyJPEG(255))
        Poll.wait([], milliseconds: 300)
        let answer = try detector.begin("/detect_once").answer(milliseconds: 30_000)
        #expect(answer.status == 503)
        #expect(answer.text.contains("\"error\":\"camera_offline\""))
    }

    @Test("an offline camera is reported with its reason and Retry-After")
    func noCamera() throws {
        let answer = try TestDetector().ask("/detect_once")
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "2")
        #expect(answer.text.contains("\"error\":\"camera_offline\",\"success\":false,\"camera\":\"main\""))
        #expect(answer.text.contains("capture-daemon is not running"))
    }
}
