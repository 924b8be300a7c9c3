import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Request")
struct RequestTests {
    @Test(
        "an invalid request is refused with an error in JSON, which has a code and a message", .timeLimit(.minutes(1)),
        arguments: [
            ("GET", "/", 404, "not_found"), ("GET", "/nothing", 404, "not_found"),
            ("GET", "/mjpeg/main/more", 404, "not_found"), ("GET", "/?action=dance", 404, "not_found"),
            ("GET", "/mjpeg/nobody", 404, "camera_not_found"), ("GET", "/snapshot/nobody", 404, "camera_not_found"),
            ("GET", "/status/nobody", 404, "camera_not_found"), ("GET", "/mjpeg/..%2f", 404, "camera_not_found"),
            ("GET", "/mjpeg/relay.main", 404, "camera_not_found"), ("GET", "/mjpeg/MAIN", 404, "camera_not_found"),
            ("POST", "/mjpeg", 405, "method_not_allowed"), ("DELETE", "/snapshot", 405, "method_not_allowed"),
            ("GET", "/mjpeg?fps=0", 400, "bad_query"), ("GET", "/mjpeg?fps=121", 400, "bad_query"),
            ("GET", "/mjpeg?fps=nan", 400, "bad_query"), ("GET", "/mjpeg?fps=-1", 400, "bad_query"),
            ("GET", "/mjpeg?fps=1e1", 400, "bad_query"), ("GET", "/mjpeg?fps=", 400, "bad_query"),
            ("GET", "/mjpeg?fps=1&fps=2", 400, "bad_query"), ("GET", "/mjpeg?advance_headers=2", 400, "bad_query"),
            ("GET", "/mjpeg?%66ps=999", 400, "bad_query"), ("GET", "/?action=stream&fps=0", 400, "bad_query"),
            ("GET", "/?action=stream_", 404, "not_found"), ("GET", "/?action=stream_x", 404, "not_found"),
            ("GET", "/?action=stream_1", 404, "camera_not_found"), ("GET", "/webcam/", 404, "not_found"),
            ("GET", "/webcam/webcam/?action=stream", 404, "not_found"), ("GET", "/webcam/metrics", 404, "not_found"),
            ("GET", "/webcam/status", 404, "not_found"), ("GET", "/webcam0/?action=stream", 404, "not_found"),
            ("GET", "/webcam2/?action=snapshot", 404, "camera_not_found"),
            ("GET", "/stream.mjpg/main", 404, "not_found"),
            ("GET", "/snapshot?after=x", 400, "bad_query"), ("GET", "/snapshot?max_age=-1", 400, "bad_query"),
            ("GET", "/snapshot?offline=json", 400, "bad_query"),
            ("GET", "/snapshot?after=99999999999999999999999", 400, "bad_query"),
            ("GET", "/status?x=1", 400, "bad_query"), ("GET", "/healthz?x", 400, "bad_query"),
        ])
    func refusals(_ method: String, _ target: String, _ status: Int, _ error: String) throws {
        let server = try TestServer()
        let answer = try server.get(target, method: method)
        #expect(answer.status == status)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["content-length"] == "\(answer.body.count)")
        let json = try #require(JSON(answer.text))
        #expect(json["error"]?.string == error)
        #expect(json["message"]?.string?.hasSuffix(".") == true)
        #expect((answer.headers["allow"] == "GET, HEAD") == (status == 405))
        let head = try server.get(target, method: "HEAD")
        // HEAD is an allowed method, so it must not get 405 at an address where POST or DELETE got 405.
        if status == 405 { #expect(head.status != 405) } else { #expect(head.status == status) }
        #expect(head.body.isEmpty)
    }

    @Test(
        "a relay that asks for its own camera gets 508, and any other relay is served", .timeLimit(.minutes(1)),
        arguments: ["/video/main", "/video", "/snapshot", "/status/main", "/status", "/webcam/?action=stream"])
    func loop(target: String) throws {
        let ring = TemporaryRing(kind: .relay)
        let server = try TestServer(ring, kind: .relay)
        let camera = try TestCamera(ring.name)
        camera.publish()
        let status = try #require(try FrameSubscriber(ring.name).status)
        let own = status.writer.requestValue(for: ring.name.camera)
        let refused = try server.get(target, method: "HEAD", headers: ["X-Oriel-Relay": own])
        #expect(refused.status == 508)
        let served = try server.get(target, method: "HEAD", headers: ["X-Oriel-Relay": own + "0"])
        #expect(served.status == 200)
    }

    @Test("an error message quotes at most the beginning of the input", .timeLimit(.minutes(1)))
    func longInput() throws {
        let server = try TestServer()
        let long = String(repeating: "x", count: 8000)
        for target in [
            "/mjpeg?fps=\(long)", "/status?\(long)", "/mjpeg/\(long)", "/\(long)", "/snapshot?after=\(long)",
            "/snapshot?offline=\(long)",
        ] {
            let answer = try server.get(target)
            #expect(answer.status == 400 || answer.status == 404)
            let message = try #require(JSON(answer.text)?["message"]?.string)
            #expect(message.contains(String(repeating: "x", count: 80)) && message.count < 250, "\(message.count)")
        }
        let method = try server.get("/mjpeg", method: long)
        #expect(method.status == 405 && method.body.count < 400)
    }

    @Test(
        "a 404 names the address of the stream on this server", .timeLimit(.minutes(1)),
        arguments: [(.capture, "/mjpeg", "/video"), (.relay, "/video", "/mjpeg")] as [(RingName.Kind, String, String)])
    func streamAddress(_ kind: RingName.Kind, _ here: String, _ there: String) throws {
        let server = try TestServer(TemporaryRing(kind: kind), kind: kind)
        let message = try #require(JSON(try server.get("/nothing").text)?["message"]?.string)
        #expect(message.contains(here) && !message.contains(there))
    }

    @Test(
        "HEAD of a stream returns only the header", .timeLimit(.minutes(1)),
        arguments: ["/mjpeg", "/?action=stream"])
    func headOfStream(_ target: String) throws {
        let server = try TestServer()
        let answer = try server.get(target, method: "HEAD")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame")
        #expect(answer.body.isEmpty)
    }

    @Test(
        "streams also have the addresses that other camera servers use, and ignore unknown parameters",
        .timeLimit(.minutes(1)),
        arguments: [
            "/?action=stream&timestamp=1699999999", "/?action=stream&1699999999999", "/?action=stream_0", "/stream",
            "/stream.mjpg", "/stream.mjpeg", "/video.mjpg", "/webcam/?action=stream", "/webcam/?action=stream&cb=0.5",
            "/webcam1/?action=stream_0", "/webcam/stream", "/stream?extra_headers=1&advance_headers=0",
            "/mjpeg?speed=3",
            "/stream/main?rand=1&rand=2", "/mjpeg?nocache=&ts=3",
        ])
    func streamAliases(_ target: String) throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let client = try server.connect()
        try client.ask(target)
        let head = try client.head()
        #expect(head.status == 200)
        #expect(head.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame")
        #expect(try client.part() != nil)
        withExtendedLifetime(camera) {}
    }

    @Test("stream_1 and webcam2 select the second camera", .timeLimit(.minutes(1)))
    func numberedCameras() throws {
        let server = try TestServer(cameras: ["main", "door"])
        let main = try TestCamera(server.ring.ring("main"))
        let door = try TestCamera(server.ring.ring("door"))
        _ = main.publish()
        _ = door.publish()
        let second = door.publish()
        for target in [
            "/?action=snapshot_1", "/webcam2/?action=snapshot", "/webcam2/snapshot", "/webcam2/snapshot.jpg",
        ] {
            #expect(try server.get(target).headers["x-frame-id"] == "\(second)", "\(target)")
        }
        #expect(try server.get("/?action=snapshot_2").status == 404)
        withExtendedLifetime((main, door)) {}
    }

    @Test(
        "the path is read from DOCUMENT_URI, SCRIPT_NAME and PATH_INFO, or REQUEST_URI, whichever is sent",
        .timeLimit(.minutes(1)),
        arguments: [
            [("DOCUMENT_URI", "/status/main"), ("SCRIPT_NAME", "/x"), ("REQUEST_URI", "/y")],
            [("SCRIPT_NAME", "/status/main")], [("SCRIPT_NAME", "/status"), ("PATH_INFO", "/main")],
            [("SCRIPT_NAME", ""), ("PATH_INFO", "/status/main")], [("REQUEST_URI", "/status/main?_=5")],
        ])
    func paths(_ parameters: [(String, String)]) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(FastCGIClient.request([("REQUEST_METHOD", "GET")] + parameters))
        let answer = try client.answer()
        #expect(answer.status == 200)
        #expect(JSON(answer.text)?["camera"]?.string == "main")
    }

    @Test("a request without parameters is treated as a request for the path /", .timeLimit(.minutes(1)))
    func noParameters() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(FastCGIClient.request([]))
        #expect(try client.answer().status == 404)
    }

    @Test("viewers beyond the maximum are refused until another viewer leaves", .timeLimit(.minutes(1)))
    func tooManyViewers() throws {
        let server = try TestServer(maximumViewers: 2)
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let first = try server.stream()
        do {
            let second = try server.stream()
            #expect(try second.part() != nil)
            let third = try server.get("/mjpeg")
            #expect(third.status == 503)
            #expect(third.headers["retry-after"] == "5")
            #expect(JSON(third.text)?["error"]?.string == "too_many_viewers")
            // The maximum applies only to streams.
            #expect(try server.get("/snapshot").status == 200)
        }
        #expect(
            try eventually {
                let client = try server.connect()
                try client.ask("/mjpeg")
                return try client.head().status == 200
            })
        #expect(try first.part() != nil)
        withExtendedLifetime(camera) {}
    }

    @Test(
        "the default is the first configured camera; without one, main; without main, the first camera that exists",
        .timeLimit(.minutes(1)))
    func firstCamera() throws {
        let named = try TestServer(cameras: ["door", "main"])
        #expect(JSON(try named.get("/status").text)?["cameras"]?[0]?["camera"]?.string == "door")
        let nothing = try TestServer(cameras: [])
        #expect(JSON(try nothing.get("/status").text)?["cameras"]?.array?.count == 1)
        #expect(JSON(try nothing.get("/status").text)?["cameras"]?[0]?["camera"]?.string == "main")
        let door = try TestCamera(nothing.ring.ring("door"))
        let number = door.publish()
        #expect(try nothing.get("/snapshot").headers["x-frame-id"] == "\(number)")
        #expect(try nothing.get("/snapshot/main").status == 404)
        let yard = try TestCamera(nothing.ring.ring("attic"))
        let main = try TestCamera(nothing.ring.ring("main"))
        let relay = try TestCamera(nothing.ring.ring("garden", kind: .relay))
        let names = JSON(try nothing.get("/status").text)?["cameras"]?.array?.compactMap { $0["camera"]?.string }
        #expect(names == ["main", "attic", "door"])
        door.end()
        #expect(try nothing.get("/mjpeg/door").status == 404)
        withExtendedLifetime((yard, main, relay)) {}
    }
}
