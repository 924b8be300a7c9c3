import Linux
import Names
import Pacing
import SharedFrame
import SystemPackage
import TestSupport
import UpstreamAccess
import Testing

@testable import Upstream

@Suite("Upstream recovery", .timeLimit(.minutes(5)))
struct RecoveryTests {
    private let maximumLines = LogLimit<UpstreamProblem>.maximumLineCount

    @Test("a waiting viewer sees pictures soon after the upstream is back, however long it was away")
    func soon() throws {
        let absent = try ScriptedServer { _ in }
        let port = absent.port
        absent.stop()
        let relay = try Relay("http://127.0.0.1:\(port)/stream") { $0.isAlwaysConnected = false }
        relay.subscriber.takeInterest()
        // If the pauses doubled, starting with 250 ms, a pause of eight seconds would begin within these ten seconds.
        let away = Deadline(seconds: 10)
        try relay.wait("a refused connection") { $0.state == .waiting && $0.reason.contains("refuses") && away.isOver }
        let server = try ScriptedServer(port: port) { Wire.stream($0, from: 1) }
        let began = Clock.monotonic
        _ = try relay.nextFrame(after: 0)
        // The pause between attempts is less than a second. Allow two seconds, since the machine may be busy.
        #expect(Clock.monotonic - began < 2_000_000_000)
        withExtendedLifetime(server) {}
    }

    @Test("while a viewer waits, the upstream is retried often, but never without a pause")
    func pauses() throws {
        let server = try ScriptedServer { $0.send(Wire.answer("503 Busy")) }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        relay.subscriber.takeInterest()
        try relay.wait("the reason with status 503") { $0.reason.contains("(503)") }
        let before = server.connectionCount
        let began = Clock.monotonic
        try relay.eventually("six more attempts") { server.connectionCount >= before + 6 ? true : nil }
        // From the third attempt on, each pause is at least 400 ms. With doubling pauses, six attempts would take 15 s.
        #expect(Clock.monotonic - began > 1_500_000_000)
        #expect(Clock.monotonic - began < 11_000_000_000)
        #expect(relay.log.all.count == 1, "\(relay.log.all)")
    }

    @Test(
        "a problem that only a person can solve is retried at growing intervals, even if a viewer waits",
        arguments: ["401 Unauthorized"])
    func backoff(answer: String) throws {
        let server = try ScriptedServer { $0.send(Wire.answer(answer)) }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        relay.subscriber.takeInterest()
        try relay.wait("the state error") { $0.state == .error }
        // The pauses are 0.25, 0.5 and 1 s, and each may be up to a fifth shorter.
        try relay.eventually("four requests") { server.connectionCount >= 4 ? true : nil }
        let began = Clock.monotonic
        try relay.eventually("a fifth request") { server.connectionCount >= 5 ? true : nil }
        #expect(Clock.monotonic - began > 1_200_000_000)
    }

    @Test(
        "a connection that delivers a few bytes at a time is closed after a while, and the next one delivers pictures",
        arguments: ["a picture", "parts", "headers"])
    func drips(what: String) throws {
        let server = try ScriptedServer { client in
            guard client.index == 0 else { return Wire.stream(client, from: 1) }
            if what == "headers" {
                client.send("HTTP/1.1 200 OK\r\n")
                while client.send("X: 1\r\n") && client.pause(milliseconds: 100) {}
                return
            }
            client.send(Wire.streamHeader)
            if what == "a picture" {
                client.send("Content-Type: image/jpeg\r\n\r\n")
                client.send(Array(TestPicture(7).bytes.dropLast(2)))
                while client.send([0x11]) && client.pause(milliseconds: 20) {}
            } else {
                while client.send("Content-Type: image/jpeg\r\n\r\nnot a picture\r\n--frame\r\n")
                    && client.pause(milliseconds: 20)
                {}
            }
        }
        let relay = try Relay(server.url()) { $0.stallTimeout = .milliseconds(300) }
        _ = try relay.nextFrame(after: 0)
        #expect(server.connectionCount == 2)
        #expect(relay.log.all.count <= 2, "\(relay.log.all)")
    }

    @Test("a connection that is reset in the middle of a picture is re-established")
    func reset() throws {
        let server = try ScriptedServer { client in
            guard client.index == 0 else { return Wire.stream(client, from: 100) }
            client.send(Wire.streamHeader)
            for number in 1...20 { client.send(Wire.part(TestPicture(number), number: UInt64(number))) }
            client.send(Array(Wire.part(TestPicture(21)).prefix(700)))
            client.pause(milliseconds: 200)
            client.reset()
        }
        let relay = try Relay(server.url())
        let frame = try relay.nextFrame(after: 20)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        #expect(relay.log.all.contains { $0.contains("was lost") }, "\(relay.log.all)")
    }

    @Test("a server that accepts no connections is reported, and the relay uses it once it accepts one")
    func noAnswer() throws {
        let server = try FullServer()
        let relay = try Relay("http://127.0.0.1:\(server.port)/stream")
        try relay.wait("an unaccepted connection") { $0.state == .waiting && $0.reason.contains("did not accept") }
        server.makeRoom()
        try relay.wait("an open connection") { $0.reason.contains("sent nothing") || $0.reason.contains("was lost") }
    }

    @Test("a picture of another size is published unchanged, whether it is smaller or larger")
    func otherSize() throws {
        let sizes = [2000, 100_000, 900, 400_000, 5000]
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            var number = 0
            while client.isOpen {
                number += 1
                let picture = TestPicture(number, byteCount: sizes[number / 10 % sizes.count])
                guard client.send(Wire.part(picture, number: UInt64(number))), client.pause(milliseconds: 20) else {
                    return
                }
            }
        }
        let relay = try Relay(server.url())
        var number: UInt64 = 0
        while number < 60 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(frame.is(TestPicture(Int(number), byteCount: sizes[Int(number) / 10 % sizes.count])))
        }
    }

    @Test(
        "an upstream that fails and returns once a second delivers pictures, leaks nothing and does not fill the log",
        .timeLimit(.minutes(10)))
    func flapping() throws {
        let seconds = Environment.value("ORIEL_TEST_FULL") == nil ? 5.0 : 180
        let server = try ScriptedServer { client in
            // Alternate between four ways to fail: an error, a closed connection, a reset, and the end of the stream.
            switch client.index % 4 {
            case 0: client.send(Wire.answer("503 Busy"))
            case 1: client.close()
            default: break
            }
            guard client.index % 4 > 1, client.send(Wire.streamHeader) else { return }
            let first = client.index * 1000
            for number in first..<(first + 50) {
                guard client.send(Wire.part(TestPicture(number), number: UInt64(number))),
                    client.pause(milliseconds: 20)
                else { return }
            }
            if client.index % 4 == 2 { client.reset() }
        }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        relay.subscriber.takeInterest()
        let end = Deadline(seconds: seconds)
        var number = try relay.nextFrame(after: 0).description.number
        let before = try #require(ProcessFigures.own)
        var count = 0
        while !end.isOver {
            let frame = try relay.nextFrame(after: number)
            #expect(frame.is(TestPicture(Int(frame.description.number))))
            number = frame.description.number
            count += 1
        }
        #expect(count > Int(seconds) * 5)
        let after = try #require(ProcessFigures.own)
        // The scripted server runs in this process too, and keeps each connection's descriptor until the server stops.
        #expect(after.descriptors - before.descriptors <= server.connectionCount + 2, "\(before), \(after)")
        #expect(relay.log.all.count <= 2 * maximumLines * Int(seconds / 600 + 1), "\(relay.log.all)")
    }

    @Test("the log stays short even if the upstream alternates between different failures")
    func shortLog() throws {
        let log = LogLines()
        let address = try UpstreamAddress("http://127.0.0.1:9/stream")
        let camera = try #require(CameraName("main"))
        var problems = ProblemLog(log.logger, camera: camera, upstream: address)
        for index in 0..<1000 {
            problems.problem(.broken("after \(index) bytes"))
            problems.pictures()
        }
        #expect(log.all.count == 2 * maximumLines)
        #expect(log.all[2 * maximumLines - 2].contains("suppressed for 10 minutes"))
        let other = LogLines()
        var turns = ProblemLog(other.logger, camera: camera, upstream: address)
        for _ in 0..<1000 {
            turns.problem(.refused)
            turns.problem(.status(502))
        }
        #expect(other.all.count == 2, "\(other.all)")
    }

    @Test("if a proxy refuses connections or requests, the error names the proxy, not the upstream")
    func proxy() throws {
        let absent = try ScriptedServer { _ in }
        let port = absent.port
        absent.stop()
        let refusing = try ScriptedServer { $0.send(Wire.answer("403 Forbidden")) }
        let program = "\(try ChildProcess.buildFolder())/relay-fcgi"
        for (variable, proxy, url, words) in [
            ("http_proxy", "http://127.0.0.1:\(port)", "http://camera.invalid/stream", "127.0.0.1 port \(port)"),
            ("https_proxy", refusing.url(""), "https://camera.invalid/stream", "refuses to connect to it (403)"),
        ] {
            let ring = TemporaryRing(kind: .relay)
            let folder = TemporaryFolder()
            let listener = try Socket.listen(at: folder.path.appending("s"))
            let worker = try ChildProcess(
                program, ["--upstream", url],
                environment: [
                    variable: proxy, "no_proxy": "", "NO_PROXY": "", "ORIEL_PREFIX": ring.prefix.text,
                    "ORIEL_RUNTIME_DIR": folder.path.string,
                ],
                input: listener.number, log: folder.path.appending("log").string)
            let subscriber = try FrameSubscriber(ring.name)
            let isReported = eventually(20) { subscriber.status?.reason.contains(words) == true }
            #expect(isReported, "\(subscriber.status?.reason ?? "no ring")")
            withExtendedLifetime(worker) {}
        }
    }
}
