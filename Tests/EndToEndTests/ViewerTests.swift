import Glibc
import Linux
import MotionJPEG
import SystemPackage
import TestSupport
import Testing

/// A system shared by all tests of unusual viewers.
///
/// The system exits when the test process exits.
private let shared = Result { try OrielSystem() }

extension EndToEnd {
    @Suite("Unusual viewers", .timeLimit(.minutes(3)))
    struct OddViewers {
        let system: OrielSystem

        init() throws {
            system = try shared.get()
            try #require(system.process.isRunning, "\(system.output)")
        }

        /// Sends `text` and returns what the server sends.
        ///
        /// Stops when the server closes the connection, or when at least `byteCount` bytes have arrived.
        private func exchange(_ text: String, port: Int, byteCount: Int = 1 << 16) throws -> String {
            let connection = try HTTPConnection(address: "127.0.0.1", port: port)
            try connection.send(Array(text.utf8))
            var received: [UInt8] = []
            let deadline = Deadline(seconds: 15)
            while received.count < byteCount {
                let bytes = try connection.receive(by: deadline)
                if bytes.isEmpty { break }
                received += bytes
            }
            return String(decoding: received, as: UTF8.self)
        }

        @Test("A stream for HTTP/1.0 is not chunked, and says that the connection will be closed")
        func oldStream() throws {
            for (port, path) in [(system.webPort, "/video"), (system.ingestPort, "/mjpeg")] {
                let answer = try exchange("GET \(path) HTTP/1.0\r\n\r\n", port: port, byteCount: 400_000)
                let head = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).first).lowercased()
                #expect(head.contains("200 ok") && !head.contains("chunked"), "\(head)")
                #expect(head.contains("connection: close"), "\(head)")
                #expect(answer.contains("\r\n\r\n--frame\r\nContent-Type: image/jpeg\r\n"))
                #expect(answer.contains("\r\n--frame\r\n"))
            }
        }

        @Test("A long query is refused with 400 and a short message, and a query of more than 8 KiB with 414")
        func longQuery() throws {
            for server in [system.web, system.ingest] {
                let stream = server("") == system.web("") ? "/video" : "/mjpeg"
                for (path, name) in [("/status", "x"), ("/snapshot", "after"), (stream, "fps")] {
                    let long = try request("GET", server("\(path)?\(name)=\(String(repeating: "y", count: 7900))"))
                    #expect(long.status == 400, "\(path)")
                    #expect(long.json?["error"]?.string == "bad_query")
                    #expect(long.body.count < 400, "\(long.text)")
                    let longer = try request("GET", server("\(path)?\(name)=\(String(repeating: "y", count: 8200))"))
                    #expect(longer.status == 414, "\(path)")
                    #expect(longer.json?["error"]?.string == "too_large")
                }
            }
        }

        @Test("An unexpected body is not read, whatever its Content-Length")
        func longBody() throws {
            for length in [1, 100_000, 1 << 40] {
                let exchange = try HTTPExchange(
                    "POST", system.web("/snapshot"), headers: ["Content-Length": "\(length)"])
                #expect([405, 413].contains(exchange.head.status), "\(length)")
                #expect(exchange.head["content-type"]?.hasPrefix("application/json") == true)
            }
        }

        @Test(
            "No path leads outside the page's folder",
            arguments: [
                "/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd",
                "/..;/etc/passwd", "/....//....//etc/passwd", "//etc/passwd", "/video/../../etc/passwd",
                "/snapshot/..%2f..%2fetc%2fpasswd", "/status/%2e%2e%2fmain", "/%00/etc/passwd", "/index.html%00.js",
                "/.git/config", "/..", "/html/../../deploy/web.conf", "/\\..\\..\\etc\\passwd",
            ])
        func traversal(path: String) throws {
            for port in [system.webPort, system.ingestPort] {
                let answer = try exchange(
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: port)
                let status = Int(answer.dropFirst(9).prefix(3)) ?? 0
                #expect([400, 404].contains(status), "\(answer.prefix(200))")
                #expect(!answer.contains("root:") && !answer.contains("<html"), "\(answer.prefix(200))")
                #expect(answer.contains("application/json"))
            }
        }

        @Test("The policies for browsers forbid other sites to show or read anything")
        func crossSite() throws {
            for path in ["/", "/app.js", "/video", "/snapshot", "/status", "/healthz", "/nothing"] {
                let head = try HTTPExchange("GET", system.web(path), headers: ["Origin": "http://evil.example"]).head
                #expect(head["cross-origin-resource-policy"] == "same-origin", "\(path)")
                #expect(head["access-control-allow-origin"] == nil, "\(path)")
                #expect(head["x-content-type-options"] == "nosniff", "\(path)")
            }
            #expect(
                try request("GET", system.web("/"))["content-security-policy"]?.contains("frame-ancestors 'none'")
                    == true)
        }
    }
}
