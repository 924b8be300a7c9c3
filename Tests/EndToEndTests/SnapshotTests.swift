import Linux
import MotionJPEG
import TestSupport
import Testing

private let shared = Result { try OrielSystem(environment: ["ORIEL_SIZE": "640x360"]) }

extension EndToEnd {
    @Suite("Snapshots", .timeLimit(.minutes(2)))
    struct Snapshots {
        let system: OrielSystem

        init() throws {
            system = try shared.get()
            try #require(system.process.isRunning, "\(system.output)")
        }

        private func address(_ server: String, _ query: String = "") -> String {
            server == "web" ? system.web("/snapshot\(query)") : system.ingest("/snapshot\(query)")
        }

        @Test("A snapshot is one complete picture with its number and time", arguments: ["web", "ingest"])
        func picture(server: String) throws {
            let answer = try request("GET", address(server))
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "image/jpeg")
            #expect(answer["content-length"] == "\(answer.body.count)")
            let number = try #require(answer["x-frame-id"])
            #expect(answer["etag"] == "\"\(number)\"")
            #expect(answer["x-timestamp"]?.contains(".") == true)
            #expect(answer["cache-control"] == "no-store")
            let info = try answer.body.withRawSpan { try JPEG.inspect($0) }
            #expect(info.width == 640 && info.height == 360)
        }

        @Test("A picture that the client already has is not sent again", arguments: ["web", "ingest"])
        func notModified(server: String) throws {
            // A newer picture may arrive between the two requests, so repeat them until both refer to the same picture.
            let isSeen = try eventually {
                let tag = try request("GET", address(server))["etag"] ?? ""
                let again = try request("GET", address(server), headers: ["If-None-Match": tag])
                return again.status == 304 && again.body.isEmpty
            }
            #expect(isSeen)
        }

        @Test("?after= waits for a newer picture", arguments: ["web", "ingest"])
        func after(server: String) throws {
            var number = try #require(UInt64(try request("GET", address(server))["x-frame-id"] ?? ""))
            for _ in 0..<5 {
                let next = try request("GET", address(server, "?after=\(number)"))
                #expect(next.status == 200)
                let newer = try #require(UInt64(next["x-frame-id"] ?? ""))
                #expect(newer > number)
                number = newer
            }
        }

        @Test("The web server's stream has exactly the pictures of the ingest server's stream")
        func sameBytes() throws {
            let viewer = try StreamViewer(system.ingest("/mjpeg"))
            let others = try StreamViewer(system.web("/video"))
            var pictures: [UInt64: [UInt8]] = [:]
            for _ in 0..<20 {
                let picture = try #require(try viewer.next())
                pictures[try #require(picture.number)] = picture.bytes
            }
            var compared = 0
            for _ in 0..<20 {
                let picture = try #require(try others.next())
                guard let same = pictures[try #require(picture.number)] else { continue }
                #expect(same == picture.bytes)
                compared += 1
            }
            #expect(compared > 0)
        }
    }
}
