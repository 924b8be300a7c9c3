import Linux
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("Upstream failures", .timeLimit(.minutes(5)))
struct AccidentTests {
    /// A failure of an upstream, and the state and the reason that the relay must report for it.
    struct Accident: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let state: CameraState
        let reason: String
        let script: @Sendable (ScriptedClient) -> Void

        static let all = answers + bodies + silences

        static let answers = [
            answer("401 Unauthorized", .error, "credentials"), answer("403 Forbidden", .error, "(403)"),
            answer("404 Not Found", .error, "does not exist"), answer("500 Internal Server Error", .waiting, "(500)"),
            answer("503 Service Unavailable", .waiting, "(503)"),
            answer("508 Loop Detected", .error, "leads back to this camera itself (508)"),
            answer("200 OK", .error, "text/html"),
            answer("204 No Content", .error, "204"),
            Accident(testDescription: "a response that is not HTTP", state: .error, reason: "does not speak HTTP") {
                $0.send("SSH-2.0-OpenSSH_9.2\r\n")
                $0.waitForClose()
            },
            Accident(testDescription: "a redirect loop", state: .error, reason: "redirects more than five times") {
                $0.send("HTTP/1.1 302 Found\r\nLocation: \($0.request?.path ?? "")\r\nContent-Length: 0\r\n\r\n")
            },
            Accident(testDescription: "a redirect to a file", state: .error, reason: "to another protocol") {
                $0.send("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
            },
            Accident(testDescription: "endless headers", state: .error, reason: "endless headers") {
                $0.send("HTTP/1.1 200 OK\r\n")
                while $0.send("X-More: " + String(repeating: "m", count: 900) + "\r\n") {}
            },
            Accident(testDescription: "one endless header", state: .error, reason: "endless headers") {
                $0.send("HTTP/1.1 200 OK\r\nX-More: ")
                while $0.send(String(repeating: "m", count: 900)) {}
            },
            Accident(testDescription: "HTML as a stream", state: .error, reason: "the text \"<p>Log in!</p>\"") {
                $0.send("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n<p>Log in!</p>")
            },
            Accident(testDescription: "video, not pictures", state: .error, reason: "only H.264 or H.265 video") {
                client in
                client.send("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n")
                while client.send([0, 0, 0, 1, 0x67, 0x42]) && client.pause(milliseconds: 20) {}
            },
            Accident(testDescription: "parts of text", state: .error, reason: "parts of type text/plain") { client in
                client.send("HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n")
                while client.send("--x\r\nContent-Type: text/plain\r\n\r\nmotion\r\n") && client.pause(milliseconds: 20)
                {}
            },
            still("text", Array("Camera 1 is off".utf8), "the text \"Camera 1 is off\""),
            still("nothing", [], "no data"),
            still("half a JPEG", Array(TestPicture(7).bytes.prefix(900)), "ends before the JPEG's end marker"),
            still("gzip-compressed data", [0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0x41, count: 90), "gzip"),
        ]

        static let bodies = [
            stream("parts that are not JPEGs", .error, "invalid JPEG") { client in
                while client.send("Content-Type: image/jpeg\r\n\r\nnot a picture\r\n--frame\r\n")
                    && client.pause(milliseconds: 10)
                {}
            },
            stream("pictures whose second half is missing", .error, "invalid JPEG") { client in
                let half = Array(TestPicture(7).bytes.prefix(900))
                while client.send(Array("Content-Type: image/jpeg\r\n\r\n".utf8) + half + Array("\r\n--frame\r\n".utf8))
                    && client.pause(milliseconds: 10)
                {}
            },
            stream("a picture truncated by the end of the stream", .waiting, "ended the stream") { client in
                let part = Wire.part(TestPicture(7))
                client.send(Array(part.prefix(part.count / 2)))
            },
            stream("garbage without a boundary", .error, "boundary") { client in
                let garbage = [UInt8](repeating: 0x5A, count: 65536)
                while client.send(garbage) {}
            },
            stream("endless part headers", .error, "headers") { client in
                while client.send(String(repeating: "X-More: again\r\n", count: 100)) {}
            },
            stream("a picture of 100 GB", .error, "larger than 2 MiB") { client in
                client.send("Content-Type: image/jpeg\r\nContent-Length: 107374182400\r\n\r\n")
                client.send(Array(TestPicture(7).bytes.dropLast(2)))
                let data = [UInt8](repeating: 0x11, count: 65536)
                while client.send(data) {}
            },
            Accident(testDescription: "a single JPEG of 100 GB", state: .error, reason: "larger than 2 MiB") {
                $0.send("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 107374182400\r\n\r\n")
                while $0.send([UInt8](repeating: 0x11, count: 65536)) {}
            },
            Accident(testDescription: "an endless single JPEG", state: .error, reason: "larger than 2 MiB") {
                $0.send("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
                while $0.send([UInt8](repeating: 0x11, count: 65536)) {}
            },
            Accident(testDescription: "a truncated single JPEG", state: .waiting, reason: "was lost") {
                $0.send("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 2000\r\n\r\n")
                $0.send(Array(TestPicture(7).bytes.prefix(1000)))
            },
        ]

        static let silences = [
            Accident(testDescription: "an immediate close", state: .waiting, reason: "was lost") { $0.close() },
            Accident(testDescription: "silence from the beginning", state: .stalled, reason: "sent nothing for 1 s") {
                $0.waitForClose()
            },
            stream("silence in the middle of a picture", .stalled, "sent nothing for 1 s") { client in
                client.send(Array(Wire.part(TestPicture(7)).prefix(500)))
                client.waitForClose()
            },
            stream("a picture that never ends", .stalled, "no whole picture for 1 s") { client in
                client.send("Content-Type: image/jpeg\r\n\r\n")
                client.send(Array(TestPicture(7).bytes.dropLast(2)))
                let end = Clock.monotonic + 3_000_000_000
                while Clock.monotonic < end && client.send([0x11]) && client.pause(milliseconds: 20) {}
            },
        ]

        /// An upstream that returns `body` and declares it to be a single JPEG, although it is not a valid JPEG.
        private static func still(_ name: String, _ body: [UInt8], _ reason: String) -> Accident {
            Accident(testDescription: "an image/jpeg response with \(name)", state: .error, reason: reason) {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: \(body.count)\r\n\r\n"
                repeat { $0.send(Array(head.utf8) + body) } while $0.readRequest() != nil
            }
        }

        private static func answer(_ status: String, _ state: CameraState, _ reason: String) -> Accident {
            Accident(testDescription: status, state: state, reason: reason) { $0.send(Wire.answer(status)) }
        }

        private static func stream(
            _ name: String, _ state: CameraState, _ reason: String, _ body: @escaping @Sendable (ScriptedClient) -> Void
        ) -> Accident {
            Accident(testDescription: name, state: state, reason: reason) {
                $0.send(Wire.streamHeader)
                body($0)
            }
        }
    }

    @Test(
        "a failing upstream is reported with a state and a reason, puts nothing into the ring, and recovers by itself",
        arguments: Accident.all)
    func accident(_ accident: Accident) throws {
        let isOver = Switch()
        let server = try ScriptedServer { client in
            if isOver.isOn { Wire.stream(client, from: 1) } else { accident.script(client) }
        }
        // With the default limit of 16 MiB, a slow machine would report first that no whole picture arrives.
        let relay = try Relay(server.url()) { $0.maximumPictureByteCount = 2 << 20 }
        let status = try relay.wait("the reason '\(accident.reason)'") {
            $0.state == accident.state && $0.reason.contains(accident.reason) && !$0.reason.hasPrefix("Connecting")
        }
        #expect(status.isWriterAlive)
        #expect(status.published == 0)
        // On a slow machine, the picture also takes too long, which is reported first.
        let other = relay.log.all.filter { !$0.contains(accident.reason) }
        #expect(relay.log.all.count - other.count == 1, "\(relay.log.all)")
        #expect(other.allSatisfy { $0.contains("but no whole picture for 1 s") }, "\(relay.log.all)")

        isOver.turnOn()
        server.disconnect()
        let frame = try relay.nextFrame(after: 0)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        try relay.wait("the stream to be live") { $0.state == .live && $0.reason.isEmpty }
    }

    @Test("a server that refuses connections is reported, and the relay uses it once it has started")
    func refused() throws {
        let absent = try ScriptedServer { _ in }
        let port = absent.port
        absent.stop()
        let relay = try Relay("http://127.0.0.1:\(port)/stream")
        try relay.wait("a report of the refusal") { $0.state == .waiting && $0.reason.contains("refuses connections") }
        let server = try ScriptedServer(port: port) { Wire.stream($0, from: 1) }
        _ = try relay.nextFrame(after: 0)
        server.stop()
        try relay.wait("the state waiting after the server has stopped") { $0.state == .waiting }
        #expect(relay.log.all.count <= 4, "\(relay.log.all)")
    }

    @Test("a host name that does not exist is reported while the ring's heartbeat continues")
    func unknownName() throws {
        let relay = try Relay("http://does-not-exist.invalid/stream")
        try relay.wait("the reason that the name cannot be resolved") {
            $0.state == .waiting && $0.reason.contains("cannot be resolved")
        }
    }

    @Test("a redirect is followed")
    func redirect() throws {
        let server = try ScriptedServer { client in
            guard client.request?.path == "/old" else { return Wire.stream(client, from: 1) }
            client.send("HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 5\r\nConnection: close\r\n\r\nmoved")
        }
        let relay = try Relay(server.url("/old"))
        let frame = try relay.nextFrame(after: 0)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
    }

    @Test("a stream that breaks repeatedly delivers its pictures and causes few log lines")
    func flapping() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            client.send(Wire.part(TestPicture(client.index + 1), number: UInt64(client.index + 1)))
        }
        let relay = try Relay(server.url())
        let frame = try relay.nextFrame(after: 5)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        #expect(relay.log.all.count <= 2, "\(relay.log.all)")
        #expect(relay.subscriber.status?.state == .live, "a gap of less than a second was reported")
    }

    @Test("the ring's heartbeat continues while the relay connects, waits or reads a stalled stream")
    func heartbeat() throws {
        let server = try ScriptedServer { client in
            if client.index % 2 == 0 { client.waitForClose() }
        }
        let relay = try Relay(server.url())
        try relay.eventually("four connections") {
            // If the heartbeat stopped, the reason would end with "does not respond".
            let status = try #require(relay.subscriber.status)
            #expect(status.isWriterAlive && !status.reason.hasSuffix("does not respond"), "\(status.reason)")
            return server.connectionCount >= 4 ? true : nil
        }
    }

    @Test("the reader's thread stops soon, even while it waits for the upstream, and removes its ring")
    func stops() throws {
        let server = try ScriptedServer { $0.waitForClose() }
        let relay = try Relay(server.url())
        try relay.eventually("a connection") { server.connectionCount > 0 ? true : nil }
        let began = Clock.monotonic
        relay.reader.stop()
        #expect(Clock.monotonic - began < 1_500_000_000)
        #expect(RingName.existing(prefix: relay.ring.prefix, kind: .relay).isEmpty)
    }
}
