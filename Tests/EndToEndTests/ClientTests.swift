import Linux
import SystemPackage
import TestSupport
import Testing

/// A request exactly as a known program sends it, and the kind of response that the program expects.
struct ClientRequest: Sendable, CustomTestStringConvertible {
    enum Shape: Sendable {
        case stream
        /// A stream that sends each part's header directly after the previous picture, as Chromium requires.
        case streamInAdvance
        case picture
        /// Only the header of a response, since the method of the request is HEAD.
        case header
        case page
        case status
    }

    let client: String
    let line: String
    let headers: [String]
    let shape: Shape

    init(_ client: String, _ line: String, _ headers: [String], _ shape: Shape) {
        self.client = client
        self.line = line
        self.headers = headers
        self.shape = shape
    }

    var testDescription: String { "\(client): \(line)" }

    static let chromium =
        "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

    static let all: [ClientRequest] = [
        .init("curl", "GET /snapshot HTTP/1.1", ["User-Agent: curl/7.88.1", "Accept: */*"], .picture),
        .init("curl", "GET /video HTTP/1.1", ["User-Agent: curl/7.88.1", "Accept: */*"], .stream),
        .init("curl -I", "HEAD /video HTTP/1.1", ["User-Agent: curl/7.88.1", "Accept: */*"], .header),
        .init(
            "wget", "GET /snapshot HTTP/1.1",
            ["User-Agent: Wget/1.21.3", "Accept: */*", "Accept-Encoding: identity", "Connection: Keep-Alive"], .picture),
        .init(
            "ffmpeg", "GET /video HTTP/1.1",
            ["User-Agent: Lavf/59.27.100", "Accept: */*", "Range: bytes=0-", "Connection: close", "Icy-MetaData: 1"],
            .stream),
        .init(
            "VLC", "GET /?action=stream HTTP/1.1",
            ["Accept: */*", "Accept-Language: en_US", "User-Agent: VLC/3.0.18 LibVLC/3.0.18", "Range: bytes=0-"],
            .stream),
        .init(
            "GStreamer", "GET /video HTTP/1.1",
            [
                "icy-metadata: 1", "transferMode.dlna.org: Streaming",
                "User-Agent: GStreamer souphttpsrc 1.22.0 libsoup/3.2",
            ],
            .stream),
        .init(
            "OpenCV", "GET /video.mjpg HTTP/1.1",
            ["User-Agent: Lavf/59.27.100", "Accept: */*", "Range: bytes=0-", "Connection: close"], .stream),
        .init(
            "Home Assistant", "GET /?action=stream HTTP/1.1",
            ["User-Agent: HomeAssistant/2026.11 aiohttp/3.13", "Accept: */*", "Accept-Encoding: gzip, deflate, br"],
            .stream),
        .init(
            "Home Assistant", "GET /?action=snapshot HTTP/1.1",
            ["User-Agent: HomeAssistant/2026.11 httpx/0.28", "Accept: */*", "Accept-Encoding: gzip"], .picture),
        .init(
            "OctoPrint", "GET /webcam/?action=snapshot&1699999999999 HTTP/1.1",
            ["User-Agent: python-requests/2.31.0", "Accept: */*", "Accept-Encoding: gzip, deflate"], .picture),
        .init("OctoPrint", "GET /webcam/?action=stream&1699999999999 HTTP/1.1", [chromium], .streamInAdvance),
        .init("Mainsail", "GET /?action=stream&timestamp=1699999999 HTTP/1.1", [chromium], .streamInAdvance),
        .init("Mainsail", "GET /webcam/?action=snapshot&bypassCache=1699999999 HTTP/1.1", [chromium], .picture),
        .init("Fluidd", "GET /webcam/?action=stream&cacheBust=1699999999 HTTP/1.1", [chromium], .streamInAdvance),
        .init(
            "Moonraker", "GET /webcam/?action=snapshot HTTP/1.1",
            ["User-Agent: Tornado/6.4", "Accept-Encoding: gzip", "Connection: close"], .picture),
        .init(
            "Moonraker", "HEAD /webcam/?action=stream HTTP/1.1", ["User-Agent: Tornado/6.4", "Connection: close"],
            .header),
        .init(
            "go2rtc", "GET /stream.mjpg HTTP/1.1", ["User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"], .stream),
        .init(
            "go2rtc", "GET /snapshot.jpg HTTP/1.1", ["User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"],
            .picture),
        .init(
            "Frigate", "GET /stream HTTP/1.1",
            ["User-Agent: FFmpeg Frigate/0.16", "Accept: */*", "Range: bytes=0-", "Connection: close"], .stream),
        .init(
            "Motion", "GET /?action=stream HTTP/1.0", ["User-Agent: Motion-httpd/4.5", "Connection: close"], .stream),
        .init("Blue Iris", "GET /video.mjpg HTTP/1.1", ["Accept: */*", "Connection: Keep-Alive"], .stream),
        .init("Blue Iris", "GET /snapshot.jpg?q=80 HTTP/1.1", ["Accept: */*", "Connection: Keep-Alive"], .picture),
        .init(".NET HttpClient", "GET /snapshot HTTP/1.1", ["traceparent: 00-1-2-00"], .picture),
        .init("Chromium's <img>", "GET /video HTTP/1.1", [chromium, "Sec-Fetch-Dest: image"], .streamInAdvance),
        .init(
            "Firefox's <img>", "GET /video HTTP/1.1", ["Accept: image/avif,image/webp,*/*", "Sec-Fetch-Dest: image"],
            .streamInAdvance),
        .init("Safari's <img>", "GET /video HTTP/1.1", ["Accept: image/webp,image/avif,*/*;q=0.8"], .streamInAdvance),
        .init(
            "a browser's tab", "GET / HTTP/1.1",
            ["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Encoding: gzip, br"],
            .page),
        .init("uStreamer's page", "GET /stream?extra_headers=1&zero_data=1 HTTP/1.1", [chromium], .streamInAdvance),
        .init("Prometheus", "GET /metrics HTTP/1.1", ["Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1"], .status),
        .init("an uptime monitor", "GET /healthz HTTP/1.1", ["User-Agent: Uptime-Kuma/1.23"], .status),
    ]
}

private let shared = Result { try OrielSystem(environment: ["ORIEL_SIZE": "320x240"]) }

extension EndToEnd {
    @Suite("Clients", .timeLimit(.minutes(2)))
    struct Clients {
        let system: OrielSystem

        init() throws {
            system = try shared.get()
            try #require(system.process.isRunning, "\(system.output)")
        }

        @Test(
            "a request exactly as another program sends it gets the response that the program expects",
            arguments: ClientRequest.all)
        func answer(to client: ClientRequest) throws {
            let connection = try HTTPConnection(address: "127.0.0.1", port: system.webPort)
            let lines = [client.line, "Host: 127.0.0.1:\(system.webPort)"] + client.headers
            try connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
            let deadline = Deadline(seconds: 15)
            var received: [UInt8] = []
            while !isEnough(received, for: client.shape) {
                let bytes = try connection.receive(by: deadline)
                if bytes.isEmpty { break }
                received += bytes
            }
            let end = try #require(received.firstRange(of: Self.blank))
            let head = try HTTPHead(String(decoding: received[..<end.lowerBound], as: UTF8.self))
            let body = received[end.upperBound...]
            #expect(head.status == 200)
            let type = head["content-type"] ?? ""
            func contains(_ text: String) -> Bool { body.firstRange(of: Array(text.utf8)) != nil }
            switch client.shape {
            case .stream, .streamInAdvance:
                #expect(type == "multipart/x-mixed-replace; boundary=frame")
                #expect(body.firstRange(of: [0xff, 0xd8, 0xff]) != nil)
                // A part header that is sent before its picture exists cannot contain the picture's length.
                #expect(contains("Content-Length:") == (client.shape == .stream))
                #expect((head["transfer-encoding"] == "chunked") == client.line.hasSuffix("1.1"))
            case .picture:
                #expect(type == "image/jpeg")
                #expect(body.starts(with: [0xff, 0xd8, 0xff]))
                #expect(head["content-encoding"] == nil)
            case .header: #expect(body.isEmpty)
            case .page: #expect(type.hasPrefix("text/html"))
            case .status: #expect(!body.isEmpty)
            }
        }

        /// Whether enough of the response has arrived to check it.
        private func isEnough(_ received: [UInt8], for shape: ClientRequest.Shape) -> Bool {
            guard let end = received.firstRange(of: Self.blank)?.upperBound else { return false }
            switch shape {
            case .header: return true
            case .page, .status: return received.count > end
            case .stream, .streamInAdvance, .picture: return received.count > end + 2000
            }
        }

        private static let blank = Array("\r\n\r\n".utf8)
    }
}
