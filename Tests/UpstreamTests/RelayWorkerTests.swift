import Glibc
import Linux
import SharedFrame
import SystemPackage
import Testing
import TestSupport

@Suite("relay-fcgi", .timeLimit(.minutes(5)))
struct RelayWorkerTests {
    @Test("all viewers share one connection and get the pictures with the upstream's bytes and numbers")
    func shares() throws {
        // The relay connects once at startup and again for the viewers. Each connection must have its own range of
        // numbers, since the relay replaces numbers that it has published before.
        let upstream = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 1_000_000 * $0.index)) }
        let relay = try RunningRelay()
        let worker = try relay.worker(["--upstream", "door=\(upstream.url())"])
        let clients = try (0..<30).map { _ in
            let client = try FastCGIClient(relay.socket)
            try client.ask("/video/door")
            return client
        }
        for client in clients {
            #expect(try client.head().status == 200)
            // An outage picture may precede the upstream's first picture.
            var last: UInt64 = 0
            var count = 0
            while count < 5 {
                let part = try #require(try client.part())
                let number = try #require(part.number)
                guard let picture = Int(exactly: number), part.body == TestPicture(picture).bytes else {
                    try #require(count == 0)
                    continue
                }
                #expect(number > last)
                last = number
                count += 1
            }
        }
        #expect(upstream.openCount(to: "/stream") <= 1)
        worker.send(SIGTERM)
        #expect(worker.wait(milliseconds: 5000) == 0)
        #expect(RingName.existing(prefix: relay.ring.prefix, kind: .relay).isEmpty)
    }

    @Test("when the worker that fetches the pictures is killed, another takes over, and frame numbers keep increasing")
    func killed() throws {
        let upstream = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 1_000_000 * $0.index)) }
        let relay = try RunningRelay()
        let options = ["--always", "--upstream", upstream.url()]
        let first = try relay.worker(options)
        let subscriber = try FrameSubscriber(relay.ring.name)
        let isPulling = eventually(20) { (subscriber.status?.newest?.number ?? 0) > 5 }
        try #require(isPulling)
        let second = try relay.worker(options)
        let standsBy = eventually(20) {
            Folder.names(in: FilePath("/proc/\(second.processIdentifier)/task")).contains { thread in
                let name = try? File.contents(of: FilePath("/proc/\(second.processIdentifier)/task/\(thread)/comm"))
                return name.map { String(decoding: $0, as: UTF8.self) } == "upstream main\n"
            }
        }
        try #require(standsBy)
        #expect(upstream.connectionCount == 1)

        let before = try #require(subscriber.copyNewestFrame()).description
        first.send(SIGKILL)
        first.wait()
        let hasTakenOver = eventually(20) { (subscriber.copyNewestFrame()?.description.number ?? 0) > 1_000_000 }
        #expect(hasTakenOver)
        #expect(try #require(subscriber.copyNewestFrame()).description.number > before.number)
        #expect(subscriber.status?.restarts == 1)
        #expect(upstream.openCount(to: "/stream") == 1)
        second.send(SIGTERM)
        #expect(second.wait(milliseconds: 5000) == 0)
    }

    @Test(
        "a second relay with another upstream says why it has no pictures, until the first one, which continues, exits")
    func otherUpstream() throws {
        let upstream = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try RunningRelay()
        let first = try relay.worker(["--always", "--upstream", upstream.url()])
        let subscriber = try FrameSubscriber(relay.ring.name)
        let isPulling = eventually(20) { subscriber.status?.newest != nil }
        try #require(isPulling)
        let second = try relay.worker(["--always", "--upstream", upstream.url("/other")])
        let isSaid = eventually(20) { relay.log.contains("a different source, \(upstream.url())") }
        #expect(isSaid, "\(relay.log)")
        let number = subscriber.status?.newest?.number ?? 0
        let goesOn = eventually(20) { (subscriber.status?.newest?.number ?? 0) > number + 10 }
        #expect(goesOn && first.isRunning && second.isRunning)
        first.send(SIGTERM)
        first.wait()
        let takesOver = eventually(5) { subscriber.status?.source.device == upstream.url("/other") }
        #expect(takesOver, "\(relay.log)")
    }

    @Test("credentials are read from the environment or a file, and never appear in the log or the status")
    func credentials() throws {
        let upstream = try ScriptedServer { client in
            repeat {
                if client.request?.headers["authorization"] == "Basic dmlld2VyOnNlc2FtZQ==" {
                    return Wire.stream(client, from: 1)
                }
                client.send("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
            } while client.readRequest() != nil
        }
        for usesFile in [true, false] {
            let relay = try RunningRelay()
            let file = try relay.folder.write("viewer:sesame\n", to: "credentials")
            let worker = try relay.worker(
                ["--upstream", upstream.url()] + (usesFile ? ["--credentials", file.string] : []),
                environment: usesFile ? [:] : ["ORIEL_UPSTREAM_CREDENTIALS": "viewer:sesame"])
            let isIdle = eventually(20) { relay.statusText()?.contains("\"idle\"") == true }
            #expect(isIdle, "\(relay.log)")
            #expect(relay.statusText()?.contains("sesame") == false && !relay.log.contains("sesame"))
            worker.send(SIGTERM)
            #expect(worker.wait(milliseconds: 5000) == 0)
        }
    }

    @Test(
        "invalid options are rejected with status 64 and a message without secrets",
        arguments: [
            [], ["--upstream", "http://user:sesame@host/"], ["--upstream", "sesame"], ["--upstream", "Door=http://h/"],
            ["--upstream", "http://a/", "--upstream", "http://b/"], ["--upstream", "http://a/", "--stall", "0"],
            ["--upstream", "http://a/", "--max-viewers", "0"], ["--upstream", "http://a/", "--fps", "fast"],
            ["--upstream", "http://a/", "--prefix", "a.b"], ["--unknown"],
        ])
    func options(arguments: [String]) throws {
        let relay = try RunningRelay()
        let worker = try relay.worker(arguments)
        #expect(worker.wait(milliseconds: 20_000) == 64)
        #expect(relay.log.hasPrefix("error: ") && relay.log.split(separator: "\n").count == 1, "\(relay.log)")
        #expect(!relay.log.contains("sesame"))
    }

    @Test("the message about an invalid address names its camera")
    func badAddress() throws {
        let relay = try RunningRelay()
        let worker = try relay.worker(["--upstream", "a=http://h/", "--upstream", "door=http://h:99999/"])
        #expect(worker.wait(milliseconds: 20_000) == 64)
        #expect(relay.log.hasPrefix("error: camera door: "), "\(relay.log)")
    }

    @Test("something in place of one camera's ring neither ends the worker nor affects the other camera")
    func ringTrouble() throws {
        let upstream = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 1_000_000 * $0.index)) }
        let relay = try RunningRelay()
        let path = relay.ring.ring("b", kind: .relay).path
        try Folder.make(path, permissions: 0o755)
        defer { _ = unsafe path.withPlatformString { unsafe rmdir($0) } }
        let worker = try relay.worker(
            ["--always", "--upstream", "a=\(upstream.url())", "--upstream", "b=\(upstream.url())"])
        let client = try FastCGIClient(relay.socket)
        try client.ask("/video/a")
        #expect(try client.head().status == 200)
        // An outage picture may precede the first picture.
        let isStreaming = try eventually(20) { try client.part()?.number ?? 0 > 3 }
        #expect(isStreaming)
        let reason = "is not an Oriel frame ring: remove \(path)"
        #expect(relay.statusText()?.contains(reason) == true, "\(relay.statusText() ?? "no status")")
        let other = try FastCGIClient(relay.socket)
        try other.ask("/snapshot/b")
        let answer = try other.answer()
        #expect(answer.status == 503 && answer.text.contains(reason), "\(answer.text)")

        _ = unsafe path.withPlatformString { unsafe rmdir($0) }
        let isBack = eventually(5) {
            relay.statusText().map { !$0.contains(reason) && !$0.contains("stopped") } == true
        }
        #expect(isBack, "\(relay.log)")
        #expect(try client.part() != nil)
        #expect(worker.isRunning)
    }

    @Test("a relay whose upstream is silent exits soon after SIGTERM, and removes its rings")
    func ends() throws {
        let upstream = try ScriptedServer { $0.waitForClose() }
        let relay = try RunningRelay()
        let worker = try relay.worker(["--upstream", upstream.url(), "--upstream", "a=http://192.0.2.1/stream"])
        let isConnected = eventually(20) { upstream.connectionCount > 0 }
        try #require(isConnected)
        let began = Clock.monotonic
        worker.send(SIGTERM)
        #expect(worker.wait(milliseconds: 10_000) == 0)
        #expect(Clock.monotonic - began < 3_000_000_000)
        #expect(RingName.existing(prefix: relay.ring.prefix, kind: .relay).isEmpty)
    }
}
