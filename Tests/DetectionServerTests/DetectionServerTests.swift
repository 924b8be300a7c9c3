import DetectionTestSupport
import DetectionServer
import Linux
import SharedFrame
import TestSupport
import Testing
import TurboJPEG

@Suite(
    "A detection worker", .timeLimit(.minutes(2)),
    .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
struct DetectionServerTests {
    @Test("objects in an uploaded picture are reported in DeepStack's format")
    func postedPicture() throws {
        let answer = try TestDetector().detect(greyJPEG(255))
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
        for part in [
            "\"success\":true", "\"count\":1",
            "\"label\":\"dog\",\"class_id\":16,\"confidence\":0.9000,\"x_min\":8,\"y_min\":16,\"x_max\":40,\"y_max\":32",
            "\"camera\":null,\"seq\":null", "\"width\":64,\"height\":64", "\"name\":\"stub_yolox_32\"",
            "\"input\":[32,32]", "\"threshold\":0.4000", "\"runtime\":\"onnxruntime ",
        ] { #expect(answer.text.contains(part), "there is no \(part) in \(answer.text)") }
    }

    @Test("only predictions that match min= and labels= are reported")
    func filters() throws {
        let detector = try TestDetector()
        let half = try greyJPEG(128)
        #expect(try detector.detect(half).text.contains("\"count\":1"))
        #expect(try detector.detect(half, "?min=0.5").text.contains("\"count\":0"))
        #expect(try detector.detect(half, "?min=0.05&labels=Dog,cat").text.contains("\"count\":1"))
        #expect(try detector.detect(half, "?labels=cat").text.contains("\"count\":0"))
        let unknown = try detector.detect(half, "?labels=dog,unicorn")
        #expect(unknown.status == 400)
        #expect(unknown.text.contains("has no class 'unicorn'"))
        #expect(try detector.detect(half, "?min=2").status == 400)
        #expect(try detector.detect(half, "?nonsense=1").status == 400)
        // Requests to the links in a result also accept labels=, and also refuse unknown labels.
        let answer = try detector.detect(half)
        for name in ["json", "overlay"] {
            let address = try #require(link(name, in: answer.text))
            #expect(try detector.ask(address + "?labels=dog", method: "GET").status == 200)
            let refused = try detector.ask(address + "?labels=unicorn", method: "GET")
            #expect(refused.status == 400)
            #expect(refused.text.contains("has no class 'unicorn'"))
        }
    }

    @Test("if a JPEG is requested, the response is the picture in its own size with boxes drawn on it")
    func pictureAnswer() throws {
        let detector = try TestDetector()
        let answer = try detector.ask(
            "/detect_once", type: "image/jpeg", body: greyJPEG(255, width: 640, height: 480),
            headers: ["Accept": "image/jpeg"])
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "image/jpeg")
        let picture = try answer.body.withRawSpan { bytes throws(TurboJPEGError) in
            try JPEGDecoder().decode(bytes)
        }
        #expect(picture.width == 640 && picture.height == 480)
        let json = try detector.ask(
            "/detect_once", type: "image/jpeg", body: greyJPEG(255), headers: ["Accept": "image/jpeg;q=0"])
        #expect(json.headers["content-type"] == "application/json")
        // Far from the box the picture is still white, but at the edge of the box it is not.
        #expect(picture.pixels[(400 * 640 + 600) * 3] > 250)
        let edge = (200 * 640 + 81) * 3
        #expect(picture.pixels[edge + 1] < 200 || picture.pixels[edge + 2] < 200)
    }

    @Test("DeepStack's form is accepted, and an incomplete form is refused")
    func deepStack() throws {
        let detector = try TestDetector()
        let type = "multipart/form-data; boundary=xyz"
        let answer = try detector.ask("/v1/vision/detection", type: type, body: form(greyJPEG(255)))
        #expect(answer.status == 200)
        #expect(answer.text.contains("\"success\":true,\"count\":1"))
        let confident =
            try Array("--xyz\r\nContent-Disposition: form-data; name=\"min_confidence\"\r\n\r\n0.95\r\n".utf8)
            + form(greyJPEG(255))
        #expect(try detector.ask("/v1/vision/detection", type: type, body: confident).text.contains("\"count\":0"))
        for bad in [
            form([], tail: ""), form(try greyJPEG(9), tail: ""), form(try greyJPEG(9), field: "other"), [0x2d, 0x2d],
            Array("--xyz--".utf8), Array("--xyz\r\n".utf8), Array("nothing".utf8),
        ] {
            let refused = try detector.ask("/v1/vision/detection", type: type, body: bad)
            #expect(refused.status == 400)
            #expect(refused.text.contains("\"success\":false"))
        }
        #expect(try detector.ask("/v1/vision/detection", type: "image/jpeg", body: greyJPEG(9)).status == 415)
    }

    @Test("numbers in a response have the types that DeepStack clients in .NET declare")
    func types() throws {
        let detector = try TestDetector()
        let answer = try #require(
            JSON(
                try detector.ask(
                    "/v1/vision/detection", type: "multipart/form-data; boundary=xyz", body: form(greyJPEG(255))
                ).text))
        for name in ["inferenceMs", "processMs", "count", "code"] {
            let value = try #require(answer[name]?.number, "\(name)")
            #expect(value == value.rounded(), "\(name)")
        }
        let prediction = try #require(answer["predictions"]?[0])
        for name in ["x_min", "y_min", "x_max", "y_max"] {
            let value = try #require(prediction[name]?.number, "\(name)")
            #expect(value == value.rounded(), "\(name)")
        }
        #expect(prediction["label"]?.string == "dog")
        // The member "timing" contains the exact times, which need not be whole numbers.
        #expect(answer["timing"]?["inference_ms"]?.number ?? 0 > 0)
    }

    @Test("parameters of a DeepStack request may be in its query or its form, and unknown ones are ignored")
    func deepStackQuery() throws {
        let detector = try TestDetector()
        let type = "multipart/form-data; boundary=xyz"
        func count(_ query: String, _ confidence: String? = nil) throws -> (Int, Double?) {
            let field = confidence.map {
                "--xyz\r\nContent-Disposition: form-data; name=\"min_confidence\"\r\n\r\n\($0)\r\n"
            }
            let answer = try detector.ask(
                "/v1/vision/detection\(query)", type: type, body: Array((field ?? "").utf8) + form(greyJPEG(255)))
            return (answer.status, JSON(answer.text)?["count"]?.number)
        }
        #expect(try count("?min_confidence=0.5") == (200, 1))
        #expect(try count("?min_confidence=0.95") == (200, 0))
        #expect(try count("?min_confidence=0.95", "0.5") == (200, 1))
        #expect(try count("?api_key=x&typedetection=object") == (200, 1))
        for standard in ["", " ", "NaN", "nan", "null"] { #expect(try count("", standard) == (200, 1), "\(standard)") }
        #expect(try count("", "0,95") == (200, 0))
        for bad in ["x", "1.5", "-1", "0x1", String(repeating: "1", count: 200)] {
            #expect(try count("", bad).0 == 400, "\(bad)")
        }
    }

    @Test("the requests that DeepStack and CodeProject.AI clients send first are answered")
    func documents() throws {
        let detector = try TestDetector()
        try detector.waitUntilLoaded()
        for method in ["GET", "POST"] {
            let list = try #require(JSON(try detector.ask("/v1/vision/custom/list", method: method).text))
            #expect(list["success"] == .bool(true))
            #expect(list["models"]?[0]?.string == "stub_yolox_32")
            #expect(JSON(try detector.ask("/v1/status/ping", method: method).text)?["success"] == .bool(true))
            let update = try #require(JSON(try detector.ask("/v1/status/updateavailable", method: method).text))
            #expect(update["success"] == .bool(true) && update["updateAvailable"] == .bool(false))
        }
        let type = "multipart/form-data; boundary=xyz"
        let custom = try detector.ask("/v1/vision/custom/stub_yolox_32", type: type, body: form(greyJPEG(255)))
        #expect(custom.status == 200 && custom.text.contains("\"count\":1"))
        let other = try detector.ask("/v1/vision/custom/ipcam-general", type: type, body: form(greyJPEG(255)))
        #expect(other.status == 404 && other.text.contains("model_not_found"))
    }

    @Test("a body of unknown length, as in a chunked request, is accepted")
    func chunked() throws {
        let detector = try TestDetector()
        let chunked = ["Transfer-Encoding": "chunked"]
        func post(_ body: [UInt8], type: String) throws -> FastCGIClient.Answer {
            let client = try FastCGIClient(detector.socket)
            let parameters =
                FastCGIClient.parameters("/detect_once", method: "POST", headers: chunked) + [("CONTENT_TYPE", type)]
            var bytes = Array(FastCGIClient.request(parameters).dropLast(8))
            if !body.isEmpty { bytes += FastCGIClient.record(5, body) }
            try client.send(bytes + FastCGIClient.record(5))
            return try client.answer()
        }
        #expect(try post(greyJPEG(255), type: "image/jpeg").text.contains("\"count\":1"))
        #expect(try post([], type: "image/jpeg").status == 400)
        #expect(try post([1], type: "text/plain").status == 415)
    }

    @Test("requests from pages of other sites are refused, and requests from Oriel's own page are accepted")
    func origins() throws {
        let detector = try TestDetector()
        func status(_ origin: String) throws -> Int {
            try detector.ask(
                "/detect_once", type: "image/jpeg", body: greyJPEG(9),
                headers: ["Host": "camera.local:8000", "Origin": origin]
            ).status
        }
        #expect(try status("http://camera.local:8000") == 200)
        #expect(try status("https://camera.local:8000") == 200)
        #expect(try status("http://evil.example") == 403)
        #expect(try status("http://camera.local:8000.evil.example") == 403)
        #expect(try status("null") == 403)
    }

    @Test("each kind of invalid request is refused with its own status")
    func refusals() throws {
        let detector = try TestDetector()
        #expect(try detector.ask("/detect_once", method: "GET").status == 405)
        #expect(try detector.ask("/detect_once", method: "GET").headers["allow"] == "POST")
        #expect(try detector.ask("/detect/status").status == 405)
        #expect(try detector.ask("/nothing").status == 404)
        #expect(try detector.ask("/detect_once", type: "text/plain", body: [1]).status == 415)
        #expect(try detector.ask("/detect_once", type: "image/gif", body: [1]).status == 415)
        #expect(try detector.ask("/V1/vision/detection").status == 404)
        #expect(try detector.ask("/v1/vision/face", type: "image/jpeg", body: [1]).status == 404)
        #expect(try detector.ask("/detect_once", type: "image/jpeg", body: []).status == 400)
        #expect(try detector.detect([1, 2, 3]).status == 400)
        // A request with a valid picture is refused too if something else is wrong.
        #expect(try detector.ask("/detect_once/nowhere", type: "image/jpeg", body: greyJPEG(9)).status == 404)
        #expect(try detector.detect(greyJPEG(9), "?frame=1").status == 400)
        #expect(try detector.detect(greyJPEG(9), "?frame=abc").status == 400)
        #expect(try detector.detect(Array(greyJPEG(9).dropLast(2))).status == 400)
        #expect(
            try detector.begin("/detect_once", type: "image/jpeg", body: [1], claiming: 17 << 20).answer().status
                == 413)
        #expect(try detector.ask("/detect/1-abc.jpg", method: "GET").status == 410)
        #expect(try detector.ask("/detect/99999999999999-abc.jpg", method: "GET").status == 404)
        #expect(try detector.ask("/detect/x.overlay.jpg", method: "GET").status == 404)
        #expect(try detector.ask("/detect_once/../x").status == 404)
    }

    @Test("a body that is longer than its Content-Length is refused")
    func wrongLength() throws {
        let detector = try TestDetector()
        let client = try detector.begin("/detect_once", type: "image/jpeg", body: greyJPEG(9), claiming: 10)
        #expect(try client.answer().status == 413)
        #expect(try detector.detect(greyJPEG(255)).status == 200)
    }

    @Test("each of a thousand concurrent requests gets a result, or 503 with Retry-After")
    func crowd() throws {
        let detector = try TestDetector(queueLength: 4)
        try detector.waitUntilLoaded()
        let publisher = try detector.slowCamera()
        try publisher.show(greyJPEG(255))
        let jpeg = try greyJPEG(255, width: 1280, height: 720)
        let clients = try (0..<1000).map { index in
            index % 2 == 0
                ? try detector.begin("/detect_once")
                : try detector.begin("/detect_once", type: "image/jpeg", body: jpeg)
        }
        var counts: [Int: Int] = [:]
        for client in clients {
            let answer = try client.answer(milliseconds: 60_000)
            counts[answer.status, default: 0] += 1
            if answer.status == 503 { #expect(answer.headers["retry-after"] == "1") }
        }
        #expect(counts[200, default: 0] > 0)
        #expect(counts.keys.allSatisfy { $0 == 200 || $0 == 503 })
        #expect(try detector.detect(greyJPEG(255)).status == 200)
    }

    @Test("hostile bodies are refused, and the worker keeps running")
    func hostile() throws {
        let detector = try TestDetector()
        var state: UInt64 = 3
        let noise = (0..<(4 << 20)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        #expect(try detector.detect(noise).status == 400)
        #expect(try detector.detect([0xff, 0xd8] + noise).status == 400)
        var huge = try greyJPEG(9)
        let frame = try #require(huge.indices.first { huge[$0] == 0xff && huge[$0 + 1] == 0xc0 })
        huge.replaceSubrange((frame + 5)..<(frame + 9), with: [0x75, 0x30, 0x75, 0x30])
        #expect(try detector.detect(huge).status == 413)
        #expect(
            try detector.ask("/v1/vision/detection", type: "multipart/form-data; boundary=a", body: noise).status
                == 400)
        #expect(try detector.detect(greyJPEG(255)).status == 200)
    }

    @Test("concurrent uploads of the same picture share an inference")
    func sameUploads() throws {
        let detector = try TestDetector()
        try detector.waitUntilLoaded()
        // The inference on this picture takes so long that the other requests arrive before it ends.
        let first = try detector.begin("/detect_once", type: "image/jpeg", body: greyJPEG(9, width: 6000, height: 6000))
        let type = "multipart/form-data; boundary=xyz"
        let clients = try (0..<30).map { index in
            index % 2 == 0
                ? try detector.begin("/detect_once", type: "image/jpeg", body: greyJPEG(255))
                : try detector.begin("/v1/vision/detection", type: type, body: form(greyJPEG(255)))
        }
        #expect(try first.answer(milliseconds: 60_000).status == 200)
        let answers = try clients.map { try $0.answer(milliseconds: 60_000) }
        #expect(answers.allSatisfy { $0.status == 200 && $0.text.contains("\"count\":1") })
        #expect(Set(answers.map { link("image", in: $0.text) }).count < clients.count)
    }

    @Test("boxes are not drawn on a picture that is too large")
    func largeOverlay() throws {
        let detector = try TestDetector()
        let large = try greyJPEG(255, width: 5000, height: 4000)
        let json = try detector.detect(large)
        #expect(json.status == 200)
        #expect(json.text.contains("\"overlay\":null"))
        let refused = try detector.ask(
            "/detect_once", type: "image/jpeg", body: large, headers: ["Accept": "image/jpeg"])
        #expect(refused.status == 413)
        #expect(refused.text.contains("too large to draw boxes on: 5000x4000 pixels"))
    }

    @Test("requests and inferences are counted in the metrics and the status")
    func metrics() throws {
        let detector = try TestDetector()
        #expect(try detector.detect(greyJPEG(255)).status == 200)
        #expect(try detector.detect([1]).status == 400)
        for _ in 0..<3 { #expect(try detector.ask("/detect/status", method: "GET").status == 200) }
        let text = try detector.ask("/detect/metrics", method: "GET").text
        let status = try detector.ask("/detect/status", method: "GET").text
        #expect(status.contains("\"requests\":{\"bad_picture\":1,\"ok\":1},\"other_requests\":{\"ok\":3}"))
        for line in [
            "oriel_detect_requests_total{outcome=\"ok\"} 1", "oriel_detect_requests_total{outcome=\"bad_picture\"} 1",
            "oriel_detect_inference_seconds_count 1", "oriel_detect_inference_seconds_bucket{le=\"+Inf\"} 1",
            "oriel_detect_results 1", "oriel_detect_other_requests_total{outcome=\"ok\"} 3",
        ] { #expect(text.contains(line + "\n"), "there is no \(line) in \(text)") }
    }
}
