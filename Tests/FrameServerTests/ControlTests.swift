import FrameServer
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("Controls over HTTP", .timeLimit(.minutes(2)))
struct ControlTests {
    private let server: TestServer
    private static let reading = #"{"camera":"main","controls":[{"name":"brightness","value":7}],"formats":[]}"#

    init() throws {
        server = try TestServer(hasFolder: true)
    }

    private func controls(
        of camera: String = "main", _ script: @escaping @Sendable (String) -> ScriptedControls.Reply
    ) throws -> ScriptedControls {
        try ScriptedControls(server.folder.path.appending("control.\(camera).sock"), script)
    }

    private func begin(
        _ body: [UInt8], _ target: String = "/controls/main", type: String = "application/json", length: Int? = nil,
        headers: [String: String] = [:]
    ) throws -> FastCGIClient {
        let client = try server.connect()
        let parameters =
            FastCGIClient.parameters(target, method: "PUT", headers: headers)
            + [("CONTENT_TYPE", type), ("CONTENT_LENGTH", "\(length ?? body.count)")]
        try client.send(FastCGIClient.request(parameters).dropLast(8) + [])
        var rest = body[...]
        while !rest.isEmpty {
            try client.send(FastCGIClient.record(5, Array(rest.prefix(5000)), padding: 3))
            rest = rest.dropFirst(5000)
        }
        try client.send(FastCGIClient.record(5))
        return client
    }

    private func put(
        _ body: String, _ target: String = "/controls/main", type: String = "application/json",
        headers: [String: String] = [:]
    ) throws -> FastCGIClient.Answer {
        try begin(Array(body.utf8), target, type: type, headers: headers).answer()
    }

    private func expectRefusal(_ answer: FastCGIClient.Answer, _ status: Int, _ error: String) throws {
        #expect(answer.status == status)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
        let json = try #require(JSON(answer.text))
        #expect(json["error"]?.string == error)
        #expect(json["message"]?.string?.isEmpty == false)
    }

    @Test(
        "GET is forwarded to the camera's daemon and answered with its reply",
        arguments: ["/controls", "/controls/main"])
    func reading(_ target: String) throws {
        let scripted = try controls { _ in .text(#"{"status":200,"answer":\#(Self.reading)}"# + "\n") }
        defer { scripted.stop() }
        let answer = try server.get(target)
        #expect(answer.status == 200)
        #expect(answer.text == Self.reading + "\n")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["content-type"] == "application/json")
        let head = try server.get(target, method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers["content-length"] == answer.headers["content-length"])
        #expect(scripted.requests == [#"{"do":"read"}"#, #"{"do":"read"}"#])
    }

    @Test("PUT is forwarded as one line, whatever its formatting, and answered with the daemon's status")
    func changing() throws {
        let scripted = try controls { line in
            let status =
                line.contains("\"a\"") ? 400 : line.contains("\"b\"") ? 409 : line.contains("\"c\"") ? 503 : 200
            return .text(#"{"status":\#(status),"answer":{"error":"e","message":"m"}}"# + "\n")
        }
        defer { scripted.stop() }
        #expect(
            try put("{\r\n \"brightness\" : 140 ,\n\"white\\nbalance\": null, \"x\": \"50 Hz\", \"y\": true }").status
                == 200)
        #expect(
            scripted.requests == [
                #"{"do":"set","controls":{"brightness":140,"white\u000abalance":null,"x":"50 Hz","y":true}}"#
            ])
        #expect(try put(#"{"a":1}"#, type: "Application/JSON; charset=utf-8").status == 400)
        #expect(try put(#"{"b":1}"#).status == 409)
        let offline = try put(#"{"c":1}"#)
        #expect(offline.status == 503)
        #expect(offline.headers["retry-after"] == "2")
    }

    @Test("a large body arrives complete, and one that is too large is refused, whatever its Content-Length says")
    func sizes() throws {
        let scripted = try controls { _ in .text(#"{"status":200,"answer":{}}"# + "\n") }
        defer { scripted.stop() }
        let name = String(repeating: "a", count: (16 << 10) - 5)
        #expect(try put("{\"\(name)\":1}").status == 413)
        let fits = String(repeating: "\u{7f}", count: (16 << 10) - 6)
        #expect(try put("{\"\(fits)\":1}").status == 200)
        #expect(scripted.requests.map(\.utf8.count).max() ?? 0 > 90_000)
        let lies = Array("{\"\(name)\":1}".utf8)
        try expectRefusal(try begin(lies, length: 10).answer(), 413, "too_large")
        try expectRefusal(try begin([], length: 1 << 40).answer(), 413, "too_large")
        #expect(scripted.requests.count == 1)
    }

    @Test(
        "invalid requests are refused without contacting the daemon",
        arguments: [
            ("/controls/nobody", "{}", "application/json", [:], 404, "camera_not_found"),
            ("/controls/main/x", "{}", "application/json", [:], 404, "not_found"),
            ("/controls?x=1", "{}", "application/json", [:], 400, "bad_query"),
            ("/controls", "{}", "text/plain", [:], 415, "wrong_type"),
            ("/controls", "{}", "", [:], 415, "wrong_type"),
            (
                "/controls", "{}", "application/json", ["Origin": "http://evil", "Host": "good:9001"], 403,
                "foreign_origin"
            ),
            ("/controls", "{}", "application/json", ["Origin": "null", "Host": "good:9001"], 403, "foreign_origin"),
            ("/controls", "", "application/json", [:], 400, "bad_request"),
            ("/controls", "{", "application/json", [:], 400, "bad_request"),
            ("/controls", "[1]", "application/json", [:], 400, "bad_request"),
            ("/controls", "{\"a\":1}x", "application/json", [:], 400, "bad_request"),
        ] as [(String, String, String, [String: String], Int, String)])
    func refusals(
        _ target: String, _ body: String, _ type: String, _ headers: [String: String], _ status: Int, _ error: String
    ) throws {
        let scripted = try controls { _ in .text(#"{"status":200,"answer":{}}"# + "\n") }
        defer { scripted.stop() }
        try expectRefusal(try put(body, target, type: type, headers: headers), status, error)
        #expect(scripted.requests.isEmpty)
        let own = ["Origin": "https://Good:9001", "Host": "good:9001"]
        #expect(try put("{}", headers: own).status == 200)
    }

    @Test(
        "a request with another method is refused with a list of the allowed methods",
        arguments: ["POST", "DELETE", "PATCH", "OPTIONS"])
    func methods(_ method: String) throws {
        let answer = try server.get("/controls/main", method: method)
        try expectRefusal(answer, 405, "method_not_allowed")
        #expect(answer.headers["allow"] == "GET, HEAD, PUT")
        #expect(try server.get("/status", method: "PUT").headers["allow"] == "GET, HEAD")
    }

    @Test("without a daemon, or if the daemon's reply is invalid, the response is 503")
    func unavailable() throws {
        try expectRefusal(try server.get("/controls"), 503, "controls_unavailable")
        try expectRefusal(try put("{}"), 503, "controls_unavailable")
        let replies = [
            "", "\n", "nonsense\n", #"{"status":200,"answer":{}}"#, #"{"status":302,"answer":{}}"# + "\n",
            #"{"status":200,"answer":[]}"# + "\n", #"{"answer":{}}"# + "\n", "{\"status\":200,\"answer\":{}}\n\n{}\n",
            String(repeating: "x", count: (1 << 20) + 70_000) + "\n",
        ]
        for reply in replies {
            let scripted = try controls { _ in .text(reply) }
            try expectRefusal(try server.get("/controls"), 503, "controls_unavailable")
            scripted.stop()
            File.remove(server.folder.path.appending("control.main.sock"))
        }
        // A killed daemon leaves its socket behind.
        _ = try Socket.listen(at: server.folder.path.appending("control.main.sock"))
        try expectRefusal(try server.get("/controls"), 503, "controls_unavailable")
    }

    @Test("a daemon that does not reply delays only its own requests, until their timeout")
    func silent() throws {
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        let scripted = try controls { _ in .silence }
        defer { scripted.stop() }
        let viewer = try server.stream()
        var waiting: [FastCGIClient] = []
        for _ in 0..<8 {
            waiting.append(try server.connect())
            try waiting.last?.ask("/controls")
        }
        #expect(eventually { scripted.requests.count == 8 })
        try expectRefusal(try server.get("/controls"), 503, "busy")
        #expect(try server.get("/status").status == 200)
        let part = try #require(try viewer.part())
        #expect(part.body == camera.bytes(of: try #require(part.number)))
        // When a client disconnects, the worker immediately abandons that client's request to the daemon.
        waiting.removeLast()
        #expect(eventually { scripted.abandonedCount >= 1 })
        for client in waiting { try expectRefusal(try client.answer(), 503, "controls_unavailable") }
        #expect(eventually { scripted.abandonedCount == 8 })
        #expect(try #require(try viewer.part()).number ?? 0 > 0)
    }

    @Test("a request whose body does not arrive times out")
    func noBody() throws {
        let client = try server.connect()
        let parameters =
            FastCGIClient.parameters("/controls", method: "PUT")
            + [("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", "10")]
        try client.send(FastCGIClient.request(parameters).dropLast(8) + FastCGIClient.record(5, [0x7b]))
        try expectRefusal(try client.answer(), 408, "timeout")
    }

    @Test("each camera has its own control socket; a relay has no controls")
    func cameras() throws {
        let two = try TestServer(cameras: ["main", "door"], folder: server.folder, socket: "two.sock")
        let scripted = try controls(of: "door") { _ in .text(#"{"status":200,"answer":{"camera":"door"}}"# + "\n") }
        defer { scripted.stop() }
        #expect(try two.get("/controls/door").text == "{\"camera\":\"door\"}\n")
        try expectRefusal(try two.get("/controls"), 503, "controls_unavailable")
        let relay = try TestServer(cameras: ["door"], kind: .relay, folder: server.folder, socket: "relay.sock")
        try expectRefusal(try relay.get("/controls/door"), 404, "not_found")
    }
}
