import Linux
import MotionJPEG
import SystemPackage
import TestSupport
import Testing

/// A system with two cameras, shared by all tests of addresses.
///
/// The system exits when the test process exits.
private let shared = Result { try OrielSystem(environment: ["ORIEL_CAMERAS": "main=pattern door=pattern"]) }

extension EndToEnd {
    @Suite("Addresses", .timeLimit(.minutes(2)))
    struct Addresses {
        let system: OrielSystem

        init() throws {
            system = try shared.get()
            try #require(system.process.isRunning, "\(system.output)")
        }

        private func url(_ server: String, _ path: String) -> String {
            server == "web" ? system.web(path) : system.ingest(path)
        }

        @Test(
            "A stream is multipart, and each part is a complete picture with its number and time",
            arguments: [
                "web /video", "web /video/door", "web /?action=stream", "ingest /mjpeg", "ingest /mjpeg/door",
                "ingest /?action=stream", "web /video?fps=10&advance_headers=0", "web /stream.mjpg",
                "web /webcam/?action=stream",
                "web /?action=stream_1&timestamp=5", "ingest /stream",
            ])
        func stream(address: String) throws {
            let words = address.split(separator: " ").map { String($0) }
            let viewer = try StreamViewer(url(words[0], words[1]))
            #expect(viewer.exchange.head.status == 200)
            #expect(viewer.exchange.head["content-type"] == Multipart.contentType)
            #expect(viewer.exchange.head["cache-control"] == "no-store")
            var newest: UInt64 = 0
            for _ in 0..<5 {
                let picture = try #require(try viewer.next())
                let number = try #require(picture.number)
                #expect(number > newest)
                #expect(picture.timestamp != nil)
                let info = try picture.bytes.withRawSpan { try JPEG.inspect($0) }
                #expect(info.width == 1280 && info.height == 720)
                newest = number
            }
        }

        @Test(
            "Both servers report status, health and metrics",
            arguments: ["web", "ingest"])
        func documents(server: String) throws {
            let status = try request("GET", url(server, "/status"))
            #expect(status.status == 200)
            #expect(status["content-type"]?.hasPrefix("application/json") == true)
            let names = status.json?["cameras"]?.array?.compactMap { $0["camera"]?.string }
            #expect(names.map { Set($0) } == ["main", "door"])
            let one = try request("GET", url(server, "/status/door")).json
            #expect(one?["camera"]?.string == "door")
            #expect(one?["now"]?.number != nil)
            #expect(try request("GET", url(server, "/healthz")).status == 200)
            let metrics = try request("GET", url(server, "/metrics"))
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("oriel_camera_up{camera=\"main\"} 1"))
        }

        @Test(
            "An unknown address gets 404 and an invalid value 400, with an error in JSON", arguments: ["web", "ingest"])
        func mistakes(server: String) throws {
            let stream = server == "web" ? "/video" : "/mjpeg"
            let wanted = [
                ("\(stream)/nobody", 404), ("/snapshot/nobody", 404), ("/status/nobody", 404), ("/nothing", 404),
                ("/status/UPPER", 404), ("/.git/config", 404), ("/..%2f..%2fetc/passwd", 400),
                ("\(stream)?fps=0", 400), ("\(stream)?fps=many", 400), ("/snapshot?after=x", 400),
            ]
            for (path, status) in wanted {
                let answer = try request("GET", url(server, path))
                #expect(answer.status == status, "\(path)")
                #expect(answer["content-type"]?.hasPrefix("application/json") == true, "\(path)")
                #expect(answer.json?["error"]?.string?.isEmpty == false, "\(path)")
                #expect(answer.json?["message"]?.string?.isEmpty == false, "\(path)")
            }
        }

        @Test(
            "Streams ask a proxy in front of Oriel not to buffer them",
            arguments: ["web /video", "ingest /mjpeg", "web /stream.mjpg"])
        func unbuffered(address: String) throws {
            let words = address.split(separator: " ").map { String($0) }
            let head = try request("HEAD", url(words[0], words[1]))
            #expect(head.status == 200)
            #expect(head["x-accel-buffering"] == "no")
        }

        @Test("Only GET and HEAD are allowed", arguments: ["web /video", "web /snapshot", "ingest /mjpeg", "web /"])
        func methods(address: String) throws {
            let words = address.split(separator: " ").map { String($0) }
            for method in ["POST", "PUT", "DELETE"] {
                let answer = try request(method, url(words[0], words[1]), body: Array("x=1".utf8))
                #expect(answer.status == 405)
                #expect(answer["allow"] == "GET, HEAD")
                #expect(answer.json?["error"]?.string == "method_not_allowed")
            }
            let head = try request("HEAD", url(words[0], words[1]))
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }

        @Test("A slow body is refused before it has arrived")
        func slowBody() throws {
            let deadline = Deadline(seconds: 4)
            let exchange = try HTTPExchange("POST", system.web("/video"), headers: ["Content-Length": "1000"])
            #expect(exchange.head.status == 405)
            #expect(!deadline.isOver)
        }

        @Test("A malformed or oversized request is refused without an HTML page")
        func malformed() throws {
            for (text, status) in [("GET\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400)] {
                let connection = try HTTPConnection(address: "127.0.0.1", port: system.webPort)
                try connection.send(Array(text.utf8))
                let answer = String(decoding: try connection.receive(by: Deadline(seconds: 10)), as: UTF8.self)
                #expect(answer.contains("\(status) "), "\(answer)")
                #expect(!answer.contains("<html>"), "\(answer)")
            }
            let long = String(repeating: "x", count: 40_000)
            let answer = try request("GET", system.web("/status"), headers: ["X-Long": long])
            #expect(answer.status == 431)
            #expect(answer.json?["error"]?.string == "too_large")
        }

        @Test("The page is served with security headers, compressed, and with an ETag")
        func page() throws {
            let page = try request("GET", system.web("/"))
            #expect(page.status == 200)
            #expect(page["content-type"]?.hasPrefix("text/html") == true)
            #expect(page["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(page["x-content-type-options"] == "nosniff")
            let tag = try #require(page["etag"])
            #expect(try request("GET", system.web("/"), headers: ["If-None-Match": tag]).status == 304)
            let small = try request("GET", system.web("/"), headers: ["Accept-Encoding": "gzip"])
            #expect(small["content-encoding"] == "gzip")
            let picture = try request("GET", system.web("/snapshot"))
            #expect(picture["cross-origin-resource-policy"] == "same-origin")
            #expect(picture["content-encoding"] == nil)
        }

        @Test(
            "An unknown host name is refused, but addresses and names that no web site can own are accepted",
            arguments: ["web", "ingest"])
        func hosts(server: String) throws {
            let address = url(server, "/status")
            for host in [
                "localhost", "localhost:8000", "127.0.0.1", "192.168.1.2:8000", "[::1]:8000", "[fe80::1]",
                "mjpgstreamer1",
                "octopi", "octopi.local", "OctoPi.Local:8080", "my-printer.home.arpa", "cam.internal",
            ] {
                #expect(try request("GET", address, headers: ["Host": host]).status == 200, "\(host)")
            }
            for host in [
                "evil.example", "localhost.evil.example", "1.2.3.4.evil.example", "octopi.local.evil.example", "ai",
                "x.box",
                "mjpgstreamer1.evil.example", "local.evil", ".local.evil",
            ] {
                let answer = try request("GET", address, headers: ["Host": host])
                #expect(answer.status == 421, "\(host)")
                #expect(answer.json?["error"]?.string == "unknown_host")
            }
        }

        @Test("An HTTP/1.0 client without a Host header is served")
        func oldClient() throws {
            let connection = try HTTPConnection(address: "127.0.0.1", port: system.webPort)
            try connection.send(Array("GET /healthz HTTP/1.0\r\n\r\n".utf8))
            let answer = String(decoding: try connection.receive(by: Deadline(seconds: 10)), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }

        @Test(
            "Both servers accept IPv6 connections",
            .enabled(if: Folder.names(in: "/proc/sys/net/ipv6/conf").contains("lo"), "this machine has no IPv6"))
        func version6() throws {
            #expect(try request("GET", "http://[::1]:\(system.webPort)/healthz").status == 200)
            #expect(try request("GET", "http://[::1]:\(system.ingestPort)/healthz").status == 200)
        }
    }
}
