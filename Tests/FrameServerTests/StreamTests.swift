import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Stream")
struct StreamTests {
    @Test("a stream matches the documented format byte for byte", .timeLimit(.minutes(1)))
    func goldenBytes() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        let number = camera.publish()
        let bytes = try #require(camera.bytes(of: number))
        let client = try server.connect()
        client.keepsRaw = true
        try client.ask("/mjpeg")
        let head = try client.head()
        #expect(head.status == 200)
        #expect(
            head.headers == [
                "status": "200 OK", "content-type": "multipart/x-mixed-replace; boundary=frame",
                "cache-control": "no-store", "x-accel-buffering": "no",
            ])
        let part = try #require(try client.part())
        let time = try #require(part.headers["x-timestamp"])
        let digits = time.split(separator: ".")
        #expect(digits.count == 2 && digits[1].count == 6)
        server.stop()
        #expect(try client.readToClose())

        let opening = """
            Status: 200 OK\r
            Content-Type: multipart/x-mixed-replace; boundary=frame\r
            Cache-Control: no-store\r
            X-Accel-Buffering: no\r
            \r
            --frame\r

            """
        let header = """
            Content-Type: image/jpeg\r
            Content-Length: \(bytes.count)\r
            X-Timestamp: \(time)\r
            X-Frame-Id: \(number)\r
            \r

            """
        let picture = Array(header.utf8) + bytes + Array("\r\n--frame\r\n".utf8)
        let expected =
            FastCGIClient.record(6, Array(opening.utf8)) + FastCGIClient.record(6, picture)
            + FastCGIClient.record(6, Array("--frame--\r\n".utf8)) + FastCGIClient.record(6)
            + FastCGIClient.record(3, [UInt8](repeating: 0, count: 8))
        #expect(client.raw == expected)
    }

    @Test(
        "a browser gets the next part's header in advance",
        .timeLimit(.minutes(1)),
        arguments: [
            ("/mjpeg", "image/avif,image/webp,*/*", true), ("/video/main", "text/html,application/xhtml+xml", true),
            ("/mjpeg", "*/*", false), ("/mjpeg?advance_headers=0", "image/avif", false),
            ("/?action=stream&advance_headers=1", "*/*", true), ("/mjpeg", nil, false),
        ] as [(String, String?, Bool)])
    func advanceHeaders(_ target: String, _ accept: String?, _ isAdvance: Bool) throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        let bytes = try #require(camera.bytes(of: camera.publish()))
        let client = try server.stream(target, headers: accept.map { ["Accept": $0] } ?? [:])
        let header = Array("Content-Type: image/jpeg\r\n\r\n".utf8)
        let boundary = Array("--frame\r\n".utf8)
        if isAdvance {
            let expected = boundary + header + bytes + [13, 10] + boundary + header
            var output: [UInt8] = []
            #expect(
                try eventually {
                    try client.readWhileComing(milliseconds: 20)
                    output += client.takeOutput()
                    return output.count >= expected.count
                })
            #expect(output == expected)
            server.stop()
            #expect(try client.readToClose())
            #expect(client.takeOutput() == Array("\r\n--frame--\r\n".utf8))
        } else {
            #expect(try client.part()?.body == bytes)
        }
    }

    @Test(
        "every viewer gets complete frames in order, whatever the number of viewers and the frame size",
        .timeLimit(.minutes(2)), arguments: [(50, 60_000), (5, 400_000), (3, 65_400), (3, 65_528)])
    func manyReaders(_ count: Int, _ byteCount: Int) throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 15, byteCount: byteCount)
        let clients = try (0..<count).map { _ in try server.stream() }
        var last = [UInt64](repeating: 0, count: count)
        for _ in 0..<10 {
            for (index, client) in clients.enumerated() {
                let part = try #require(try client.part())
                let number = try #require(part.number)
                #expect(number > last[index])
                #expect(part.body == camera.bytes(of: number))
                last[index] = number
            }
        }
    }

    @Test(
        "a stalled viewer continues with the newest frame and never gets the frames that it missed",
        .timeLimit(.minutes(1)))
    func slowReader() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, byteCount: 100_000)
        let first = camera.publish()
        let sleeper = try server.stream()
        let other = try server.stream()
        #expect(try sleeper.part()?.number == first)
        #expect(try other.part()?.number == first)
        // One of these frames fits into the stalled viewer's socket. The others are outdated when the viewer continues.
        var numbers: [UInt64] = []
        for _ in 0..<40 {
            let number = camera.publish()
            #expect(try other.part()?.number == number)
            numbers.append(number)
        }
        var seen: [UInt64] = []
        while let number = try sleeper.part(milliseconds: seen.last == numbers.last ? 300 : 15_000)?.number {
            seen.append(number)
        }
        #expect(seen.last == numbers.last)
        #expect(
            seen == seen.sorted() && seen.count <= 3, "the stalled viewer got \(seen.count) of \(numbers.count) frames")
    }

    @Test("a viewer that stalls in the middle of a frame gets the rest of that frame", .timeLimit(.minutes(1)))
    func stoppedInTheMiddle() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 30, byteCount: 3_000_000)
        let client = try server.stream()
        // Each frame is larger than the socket buffer, so the worker has sent only part of it when newer frames arrive.
        for _ in 0..<5 {
            let before = camera.publishedCount
            #expect(eventually(30) { camera.publishedCount > before + 3 })
            var part = try #require(try client.part())
            // On a slow machine, such a large frame may take so long that the worker sends an outage picture first.
            while part.headers["x-oriel-offline"] != nil { part = try #require(try client.part()) }
            #expect(part.body == camera.bytes(of: try #require(part.number)))
        }
    }

    @Test("the stream of a request with an ID other than 1 has that ID", .timeLimit(.minutes(1)))
    func otherRequests() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 20, byteCount: 150_000)
        let client = try server.connect()
        client.request = 4660
        try client.ask("/mjpeg")
        #expect(try client.head().status == 200)
        for _ in 0..<3 {
            let part = try #require(try client.part())
            #expect(part.body == camera.bytes(of: try #require(part.number)))
        }
        let isCounted = try eventually {
            JSON(try server.get("/status/main").text)?["counters"]?["frames_sent"]?.number ?? 0 >= 2
        }
        #expect(isCounted)
    }

    @Test("fps= limits the rate of a stream", .timeLimit(.minutes(1)))
    func rate() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 50)
        let client = try server.stream("/mjpeg?fps=8")
        let first = try #require(try client.part()?.number)
        var last = first
        for _ in 0..<8 { last = try #require(try client.part()?.number) }
        // During the eight intervals of 1/8 s, the camera publishes 50 frames, or fewer if the machine is busy.
        #expect(last - first >= 40)
        withExtendedLifetime(camera) {}
    }

    @Test("a viewer with fps= gets the last frame when the camera pauses", .timeLimit(.minutes(1)))
    func rateAndPause() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        let first = camera.publish()
        let client = try server.stream("/mjpeg?fps=2")
        #expect(try client.part()?.number == first)
        camera.publish()
        let last = camera.publish()
        var seen: UInt64?
        #expect(
            try eventually {
                seen = try client.part(milliseconds: 1000)?.number ?? seen
                return seen == last
            })
    }

    @Test(
        "if there is no new frame for five seconds, the last one is repeated with its number", .timeLimit(.minutes(1)))
    func heartbeat() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name)
        camera.setSlow()
        let number = camera.publish()
        let client = try server.stream()
        let first = try client.part()
        let began = Clock.monotonic
        let second = try #require(try client.part())
        #expect(second == first)
        #expect(second.number == number)
        #expect(Clock.monotonic - began > 4_000_000_000)
    }
}
