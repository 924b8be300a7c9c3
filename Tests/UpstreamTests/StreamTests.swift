import Linux
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("Streams", .timeLimit(.minutes(5)))
struct StreamTests {
    @Test("every picture of a well-formed stream reaches the ring unchanged, in order and with its number")
    func passesPictures() throws {
        let server = try ScriptedServer { Wire.stream($0, from: 5001) }
        let relay = try Relay(server.url())
        var number: UInt64 = 0
        for _ in 1...50 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(frame.is(TestPicture(Int(number))))
            #expect(frame.description.width == 64 && frame.description.height == 48)
        }
        #expect(relay.subscriber.status?.state == .live)
        #expect(relay.subscriber.status?.reason == "")
    }

    @Test("pictures that arrive in small pieces are assembled", arguments: [1, 7, 1000])
    func drips(pieceByteCount: Int) throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            for index in 1...200 {
                var rest = Wire.part(TestPicture(index, byteCount: 400), number: UInt64(index))[...]
                while !rest.isEmpty {
                    guard client.send(Array(rest.prefix(pieceByteCount))) else { return }
                    rest = rest.dropFirst(pieceByteCount)
                }
                client.pause(milliseconds: 2)
            }
            client.waitForClose()
        }
        let relay = try Relay(server.url())
        var number: UInt64 = 0
        for _ in 1...10 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(frame.is(TestPicture(Int(number), byteCount: 400)))
        }
    }

    @Test("a Content-Length that is missing, too small or too large makes no difference", arguments: [nil, 17, 5000])
    func lengths(claimed: Int?) throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            for index in 1...1000 {
                let length = claimed.map { "Content-Length: \($0)\r\n" } ?? ""
                let picture = TestPicture(index).bytes
                let head = "Content-Type: image/jpeg\r\n\(length)X-Frame-Id: \(index)\r\n\r\n"
                guard client.send(Array(head.utf8) + picture + Array("\r\n--frame\r\n".utf8)),
                    client.pause(milliseconds: 5)
                else { return }
            }
        }
        let relay = try Relay(server.url())
        var number: UInt64 = 0
        for _ in 1...20 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(frame.is(TestPicture(Int(number))))
        }
    }

    @Test("pictures without frame numbers get numbers that start at the Unix time in milliseconds")
    func numbersPictures() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            var index = 1
            while client.send(Wire.part(TestPicture(index))) && client.pause(milliseconds: 5) { index += 1 }
        }
        let start = Clock.realtime / 1_000_000
        let relay = try Relay(server.url())
        let first = try relay.nextFrame(after: 0).description.number
        #expect(first >= start && first < start + 60_000)
        #expect(try relay.nextFrame(after: first).description.number > first)
    }

    @Test("frame numbers keep increasing even if the upstream's frame numbers decrease, as after a restart")
    func numberGoesBack() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            for number in 1...20 {
                client.send(Wire.part(TestPicture(number), number: UInt64(number + (client.index == 0 ? 9000 : 0))))
                client.pause(milliseconds: 5)
            }
        }
        let relay = try Relay(server.url())
        var numbers: [UInt64] = []
        while server.connectionCount < 3 {
            numbers.append(try relay.nextFrame(after: numbers.last ?? 0).description.number)
        }
        #expect(numbers.contains { (9001...9020).contains($0) })
        #expect(numbers.allSatisfy { $0 > 9000 && $0 < 9100 })
    }

    @Test("a picture with the same number as the previous picture is not published, and the stream counts as stalled")
    func repeats() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            for index in 1...3 { client.send(Wire.part(TestPicture(index), number: UInt64(index))) }
            while client.send(Wire.part(TestPicture(99), number: 3)) && client.pause(milliseconds: 50) {}
        }
        let relay = try Relay(server.url())
        _ = try relay.nextFrame(after: 2)
        let status = try relay.wait("the state stalled") { $0.state == .stalled }
        #expect(status.reason.contains("no new picture"))
        #expect(status.published == 3)
        #expect(relay.subscriber.copyNewestFrame()?.is(TestPicture(3)) == true)
        #expect(server.connectionCount == 1)
    }

    @Test("a picture larger than the ring's slots makes the ring grow")
    func largePicture() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            client.send(Wire.part(TestPicture(1), number: 1))
            client.send(Wire.part(TestPicture(2, byteCount: 3_000_000), number: 2))
            client.waitForClose()
        }
        let relay = try Relay(server.url())
        #expect(try relay.nextFrame(after: 1).is(TestPicture(2, byteCount: 3_000_000)))
    }

    @Test("the picture's own timestamp is kept, and the difference between the clocks is measured")
    func timestamps() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            var index = 1
            repeat {
                // Act like a server whose timestamps are the time since it was started instead of the time of day.
                let time = Clock.monotonic / 1000
                let text = "\(time / 1_000_000).\(String(time % 1_000_000 + 1_000_000).dropFirst())"
                client.send(Wire.part(TestPicture(index), number: UInt64(index), timestamp: text))
                index += 1
            } while client.pause(milliseconds: 10)
        }
        let relay = try Relay(server.url())
        let frame = try relay.nextFrame(after: 10).description
        #expect(frame.capture.realtime < frame.published && frame.capture.realtime % 1000 == 0)
        #expect(frame.published - frame.capture.monotonic < 2_000_000_000)
        let offset = try #require(relay.subscriber.status?.clockOffset)
        let truth = Int64(Clock.monotonic) - Int64(Clock.realtime)
        #expect(abs(offset - truth) < 1_000_000_000)
    }

    @Test("an upstream that returns single JPEGs is polled over one connection")
    func stills() throws {
        let server = try ScriptedServer { client in
            var index = 1
            repeat {
                let picture = TestPicture(index).bytes
                let head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: \(picture.count)\r\n\r\n"
                client.send(Array(head.utf8) + picture)
                index += 1
            } while client.readRequest() != nil
        }
        let relay = try Relay(server.url("/snapshot.jpg")) { $0.stillsPerSecond = 20 }
        let began = Clock.monotonic
        // On a slow machine, the first frame that the test reads is not the first picture that the server has sent.
        let first = try relay.nextFrame(after: 0)
        let index = try #require((1...200).first { first.is(TestPicture($0)) })
        let frame = try relay.nextFrame(after: first.description.number + 8)
        #expect(frame.is(TestPicture(Int(frame.description.number - first.description.number) + index)))
        #expect(Clock.monotonic - began >= 300_000_000)
        #expect(server.connectionCount == 1)
        #expect(relay.subscriber.status?.state == .live)
    }

    @Test("the request names the program and prefers a multipart stream")
    func request() throws {
        let server = try ScriptedServer { client in
            let request = client.request
            if request?.headers["user-agent"] == "oriel/0.0.0-test",
                request?.headers["accept"]?.hasPrefix("multipart/x-mixed-replace") == true
            {
                Wire.stream(client, from: 1)
            }
        }
        let relay = try Relay(server.url())
        _ = try relay.nextFrame(after: 0)
    }
}
