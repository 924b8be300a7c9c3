import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Snapshot")
struct SnapshotTests {
    let server: TestServer
    let camera: TestCamera

    init() throws {
        server = try TestServer()
        camera = try TestCamera(server.ring.name)
    }

    @Test(
        "a snapshot is the newest frame with its number, time and size", .timeLimit(.minutes(1)),
        arguments: [
            "/snapshot", "/snapshot/main", "/?action=snapshot", "/?action=snapshot&bypassCache=1",
            "/?action=snapshot&1699999999999", "/?action=snapshot_0&timestamp=1", "/snapshot.jpg", "/snapshot.jpeg",
            "/webcam/?action=snapshot", "/webcam/snapshot.jpg", "/snapshot?quality=80",
        ])
    func fresh(_ target: String) throws {
        camera.publish()
        let number = camera.publish()
        let answer = try server.get(target)
        #expect(answer.status == 200)
        #expect(answer.body == camera.bytes(of: number))
        #expect(answer.headers["content-type"] == "image/jpeg")
        #expect(answer.headers["content-length"] == "\(answer.body.count)")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["etag"] == "\"\(number)\"")
        #expect(answer.headers["x-frame-id"] == "\(number)")
        #expect(answer.headers["x-timestamp"]?.split(separator: ".").last?.count == 6)
        #expect(answer.headers["x-oriel-offline"] == nil)
    }

    @Test("HEAD returns only the header", .timeLimit(.minutes(1)))
    func head() throws {
        let number = camera.publish()
        let answer = try server.get("/snapshot", method: "HEAD")
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(answer.headers["content-length"] == "\(camera.bytes(of: number)?.count ?? 0)")
    }

    @Test("a client that already has the frame gets 304", .timeLimit(.minutes(1)))
    func notModified() throws {
        let number = camera.publish()
        let known = try server.get("/snapshot", headers: ["If-None-Match": "W/\"1\", \"\(number)\""])
        #expect(known.status == 304)
        #expect(known.body.isEmpty)
        #expect(known.headers["etag"] == "\"\(number)\"")
        #expect(known.headers["content-length"] == nil)
        #expect(try server.get("/snapshot", headers: ["If-None-Match": "\"\(number - 1)\""]).status == 200)
    }

    @Test("after= waits for the next frame, and all waiting clients get that frame", .timeLimit(.minutes(1)))
    func after() throws {
        let number = camera.publish()
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients { try client.ask("/snapshot?after=\(number)") }
        // The waiting requests must not delay other requests.
        #expect(try server.get("/snapshot").headers["x-frame-id"] == "\(number)")
        try server.waitForTurn()
        let next = camera.publish()
        for client in clients {
            let answer = try client.answer()
            #expect(answer.status == 200)
            #expect(answer.headers["x-frame-id"] == "\(next)")
            #expect(answer.body == camera.bytes(of: next))
        }
    }

    @Test("a request with after= and width= gets one response, with the next frame", .timeLimit(.minutes(1)))
    func afterScaled() throws {
        let number = camera.publish()
        let clients = try ["after=\(number)", "max_age=0"].map { query in
            let client = try server.connect()
            try client.ask("/snapshot?width=320&\(query)")
            return client
        }
        try server.waitForTurn()
        let next = camera.publish()
        for client in clients { #expect(try client.answer().headers["x-frame-id"] == "\(next)") }
    }

    @Test("with max_age=, a request waits for a new frame if the newest one is too old", .timeLimit(.minutes(1)))
    func maximumAge() throws {
        let number = camera.publish()
        #expect(try server.get("/snapshot?max_age=60000").headers["x-frame-id"] == "\(number)")
        let client = try server.connect()
        try client.ask("/snapshot?max_age=0")
        try server.waitForTurn()
        let next = camera.publish()
        #expect(try client.answer().headers["x-frame-id"] == "\(next)")
    }

    @Test("a request waits for a new frame instead of returning a stale one", .timeLimit(.minutes(1)))
    func stale() throws {
        camera.publish()
        let age = Clock.monotonic + 2_100_000_000
        #expect(eventually { Clock.monotonic > age })
        let client = try server.connect()
        try client.ask("/snapshot")
        try server.waitForTurn()
        let next = camera.publish()
        #expect(try client.answer().headers["x-frame-id"] == "\(next)")
    }

    @Test(
        "without a fresh frame, the response is 503: after a timeout, or immediately if the camera is offline",
        .timeLimit(.minutes(1)))
    func offline() throws {
        let number = camera.publish()
        camera.setState(.noSignal, "the lens cap \"is\" on\n")
        #expect(try eventually { try server.get("/snapshot").status == 503 })
        let answer = try server.get("/snapshot")
        #expect(answer.headers["retry-after"] == "2")
        let json = try #require(JSON(answer.text))
        #expect(json["error"]?.string == "camera_offline")
        #expect(json["camera"]?.string == "main")
        #expect(json["message"]?.string == "the lens cap \"is\" on\n")

        let old = try server.get("/snapshot?offline=picture")
        #expect(old.status == 200)
        #expect(old.headers["x-oriel-offline"] == "the lens cap \"is\" on?")
        #expect(old.body == camera.bytes(of: number))
    }

    @Test("snapshots and status always agree on whether a hanging writer is offline", .timeLimit(.minutes(1)))
    func hanging() throws {
        func isOnline() throws -> Bool { JSON(try server.get("/status/main").text)?["online"] == .bool(true) }
        camera.publish()
        let end = camera.hang()
        defer { end.give(true) }
        var answers: Set<Int> = []
        let isGivenUp = try eventually(30) {
            let before = try isOnline()
            let status = try server.get("/snapshot").status
            // The state may change between two of these requests. If so, repeat them.
            guard try isOnline() == before else { return false }
            answers.insert(status)
            #expect(status == (before ? 200 : 503))
            return !before
        }
        #expect(isGivenUp)
        #expect(answers == [200, 503])
    }

    @Test("a snapshot waits for the first picture of a restarting daemon", .timeLimit(.minutes(1)))
    func restart() throws {
        camera.end()
        // The request waits only 0.7 s for the new daemon. On a busy machine, it may start later, so try again.
        let isAnswered = try eventually(30) {
            do {
                let first = try TestCamera(server.ring.name)
                first.publish()
                #expect(try server.get("/snapshot").status == 200)
                first.end()
            }
            let client = try server.connect()
            try client.ask("/snapshot")
            try server.waitForTurn()
            let next = try TestCamera(server.ring.name)
            let number = next.publish()
            let answer = try client.answer()
            return answer.headers["x-frame-id"] == "\(number)" && answer.body == next.bytes(of: number)
        }
        #expect(isAnswered)
    }

    @Test("if a camera sends no picture, a snapshot times out after five seconds", .timeLimit(.minutes(1)))
    func silent() throws {
        let began = Clock.monotonic
        let answer = try server.get("/snapshot")
        #expect(answer.status == 503)
        #expect(JSON(answer.text)?["error"]?.string == "camera_offline")
        #expect(Clock.monotonic - began > 4_500_000_000)
    }

    @Test("the response to a request with an ID other than 1 has that ID", .timeLimit(.minutes(1)))
    func otherRequest() throws {
        let number = camera.publish()
        let client = try server.connect()
        client.request = 513
        try client.ask("/snapshot")
        #expect(try client.answer().body == camera.bytes(of: number))
    }
}
