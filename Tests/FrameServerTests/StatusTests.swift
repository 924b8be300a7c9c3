import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Status")
struct StatusTests {
    @Test("the status of a camera has all documented members with the documented types", .timeLimit(.minutes(1)))
    func object() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20, byteCount: 3000)
        let viewer = try server.stream()
        #expect(try viewer.part() != nil)
        let answer = try server.get("/status/main")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
        let json = try #require(JSON(answer.text))
        guard case .object(let fields) = json else {
            Issue.record("not an object: \(answer.text)")
            return
        }
        #expect(
            Set(fields.keys) == [
                "now", "camera", "state", "reason", "online", "frame_id", "age_ms", "width", "height", "fps", "viewers",
                "bytes_per_frame", "source", "counters", "restarts",
            ])
        let now = try #require(json["now"]?.number)
        #expect(abs(now - Double(Clock.realtime) / 1e9) < 60)
        #expect(json["camera"]?.string == "main")
        #expect(json["state"]?.string == "live")
        #expect(json["reason"]?.string == "")
        #expect(json["online"]?.bool == true)
        let number = try #require(json["frame_id"]?.number)
        #expect(camera.bytes(of: UInt64(number)) != nil)
        #expect((0..<60_000).contains(try #require(json["age_ms"]?.number)))
        #expect(json["width"]?.number == 64)
        #expect(json["height"]?.number == 48)
        #expect(json["fps"]?["asked"]?.number == 20)
        #expect(json["fps"]?["captured"]?.number == 20)
        #expect(json["viewers"]?.number == 1)
        #expect(json["bytes_per_frame"]?.number == Double(try #require(camera.bytes(of: UInt64(number))).count))
        #expect(json["source"]?["kind"]?.string == "pattern")
        #expect(json["source"]?["format"]?.string == "MJPG")
        #expect(try #require(json["counters"]?["captured"]?.number) >= 1)
        #expect(try #require(json["counters"]?["published"]?.number) >= 1)
        #expect(json["counters"]?["dropped"]?["truncated"]?.number == 0)
        #expect(json["restarts"]?.number == 0)
    }

    @Test("the status lists all cameras and states the server's time once", .timeLimit(.minutes(1)))
    func list() throws {
        let server = try TestServer(cameras: ["main", "door"])
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        #expect(try eventually { try server.get("/healthz").status == 200 })
        let json = try #require(JSON(try server.get("/status").text))
        #expect(json["now"]?.number != nil)
        #expect(json["problem"] == .null, "the folder of the rings cannot be watched")
        #expect(json["cameras"]?.array?.count == 2)
        #expect(json["cameras"]?[0]?["online"]?.bool == true)
        let door = try #require(json["cameras"]?[1])
        #expect(door["camera"]?.string == "door")
        #expect(door["online"]?.bool == false)
        #expect(door["state"]?.string == "stopped")
        #expect(door["reason"]?.string == "capture-daemon is not running")
        #expect(door["frame_id"] == .null)
        #expect(door["age_ms"] == .null)
        #expect(door["now"] == nil)
        withExtendedLifetime(camera) {}
    }

    @Test("any text as the reason of a state is correctly encoded as JSON", .timeLimit(.minutes(1)))
    func escaping() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        let text = "a \"quoted\" \\ path,\ttab, 카메라, \u{1}\u{7f}"
        camera.setState(.error, text)
        #expect(try eventually { JSON(try server.get("/status/main").text)?["reason"]?.string == text })
    }

    @Test("the status of a relay's camera contains the clock offset of its upstream", .timeLimit(.minutes(1)))
    func clockOffset() throws {
        let ring = TemporaryRing(kind: .relay)
        let server = try TestServer(ring, kind: .relay)
        let camera = try TestCamera(ring.name)
        camera.setClockOffset(nanoseconds: -1_234_567_890)
        #expect(
            try eventually { JSON(try server.get("/status/main").text)?["clock_offset_ms"]?.number == -1234.567 })
    }

    @Test("/healthz returns 200 while at least one camera is live or idle, otherwise 503", .timeLimit(.minutes(1)))
    func health() throws {
        let server = try TestServer(cameras: ["main", "door"])
        let none = try server.get("/healthz")
        #expect(none.status == 503)
        #expect(JSON(none.text)?["error"]?.string == "unhealthy")
        let camera = try TestCamera(server.ring.name)
        #expect(try server.get("/healthz").status == 503)
        camera.publish()
        let healthy = try server.get("/healthz")
        #expect(healthy.status == 200)
        let list = try #require(JSON(healthy.text)?["cameras"]?.array)
        #expect(list.map { $0["camera"]?.string } == ["main", "door"])
        #expect(list.map { $0["healthy"]?.bool } == [true, false])
        #expect(list.map { $0["state"]?.string } == ["live", "stopped"])
        #expect(list[0]["age_ms"]?.number != nil)
        // Two seconds later the frame is stale.
        #expect(try eventually { try server.get("/healthz").status == 503 })
        #expect(JSON(try server.get("/status/main").text)?["state"]?.string == "stalled")
        camera.setState(.idle, "")
        #expect(try eventually { try server.get("/healthz").status == 200 })
    }

    @Test("metrics are valid Prometheus text", .timeLimit(.minutes(1)))
    func metrics() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let viewer = try server.stream()
        for _ in 0..<5 { #expect(try viewer.part() != nil) }
        func value(_ text: String, _ sample: String) -> Double? {
            text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }.flatMap {
                Double($0.dropFirst(sample.count + 1))
            }
        }
        var text = ""
        #expect(
            try eventually {
                text = try server.get("/metrics").text
                return (value(text, "oriel_stream_frames_total{camera=\"main\"}") ?? 0) >= 4
            })
        #expect(value(text, "oriel_camera_up{camera=\"main\"}") == 1)
        #expect(value(text, "oriel_stream_clients{camera=\"main\"}") == 1)
        #expect(value(text, "oriel_frames_dropped_total{camera=\"main\",reason=\"rate\"}") == 0)
        #expect(text.contains("oriel_build_info{version=\""))
        var types: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE ") {
                #expect(types[String(words[2])] == nil)
                types[String(words[2])] = String(words[3])
            } else if !line.hasPrefix("#") {
                #expect(Double(words.last ?? "") != nil, "\(line)")
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                let type = try #require(types[name])
                #expect(name.hasPrefix("oriel_"))
                #expect(name.hasSuffix("_total") == (type == "counter"))
            }
        }
        withExtendedLifetime(camera) {}
    }

    @Test(
        "viewers of all running workers of a service are counted together",
        .timeLimit(.minutes(1)))
    func workersTogether() throws {
        let first = try TestServer(hasFolder: true)
        let camera = try TestCamera(first.ring.name, framesPerSecond: 20)
        var second: TestServer? = try TestServer(first.ring, folder: first.folder, socket: "second.sock")
        func viewers(_ server: TestServer) throws -> Double? {
            JSON(try server.get("/status/main").text)?["viewers"]?.number
        }
        let one = try first.stream()
        let two = try #require(try second?.stream())
        #expect(try eventually { try viewers(first) == 2 })
        #expect(try second.map(viewers) == 2)
        #expect(try first.get("/metrics").text.contains("\noriel_workers 2\n"))
        second?.stop()
        second = nil
        #expect(try viewers(first) == 1)
        withExtendedLifetime((camera, one, two)) {}
    }
}
