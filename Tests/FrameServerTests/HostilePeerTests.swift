import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Hostile peer")
struct HostilePeerTests {
    let server: TestServer
    let camera: TestCamera
    let viewer: FastCGIClient

    init() throws {
        server = try TestServer()
        camera = try TestCamera(server.ring.name, framesPerSecond: 20)
        viewer = try server.stream()
    }

    private func expectOthersUndisturbed() throws {
        let part = try #require(try viewer.part())
        #expect(part.body == camera.bytes(of: try #require(part.number)))
        #expect(try server.get("/healthz").status == 200)
    }

    private static let begin = FastCGIClient.record(1, [0, 1, 0, 0, 0, 0, 0, 0])

    static let inputs: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
        [UInt8](repeating: 0, count: 100),
        [UInt8](repeating: 0xff, count: 100_000),
        // Another version of the protocol.
        [2, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        // Roles other than Responder.
        FastCGIClient.record(1, [0, 2, 0, 0, 0, 0, 0, 0]),
        FastCGIClient.record(1, [0, 3, 0, 0, 0, 0, 0, 0]),
        // Parameters without a preceding FCGI_BEGIN_REQUEST, and parameters with another request's ID.
        FastCGIClient.record(4, [1, 1, 65, 66]),
        begin + FastCGIClient.record(4, request: 2, [1, 1, 65, 66]),
        // A request that is aborted before it is complete.
        begin + FastCGIClient.record(2),
        // Many FCGI_GET_VALUES records, which would overflow a buffer of libfcgi, and one such record within a request.
        (0..<20).flatMap { (_: Int) -> [UInt8] in
            FastCGIClient.record(9, request: 0, [14, 0] + Array("FCGI_MAX_CONNS".utf8))
        },
        begin + FastCGIClient.record(9, request: 0, [14, 0] + Array("FCGI_MAX_CONNS".utf8)),
        // A name and a value whose lengths add up to more than libfcgi's integer type can hold.
        begin + FastCGIClient.record(4, [0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xf0]) + FastCGIClient.record(4),
        // A value longer than its record.
        begin + FastCGIClient.record(4, [1, 9, 65, 66])
            + FastCGIClient.record(4),
        // More and larger parameters than any web server sends.
        FastCGIClient.request((0..<600).map { ("A\($0)", "1") }),
        begin + FastCGIClient.record(4, [UInt8](repeating: 65, count: 65535))
            + FastCGIClient.record(4, [UInt8](repeating: 65, count: 65535)),
    ]

    @Test(
        "an invalid request closes its connection without a response and does not disturb others",
        .timeLimit(.minutes(1)),
        arguments: Self.inputs)
    func garbage(_ bytes: [UInt8]) throws {
        let peer = try server.connect()
        try? peer.send(bytes)
        #expect(try peer.readToClose())
        #expect(peer.raw.isEmpty)
        try expectOthersUndisturbed()
    }

    @Test("a request may arrive in pieces; an incomplete one times out", .timeLimit(.minutes(1)))
    func pieces() throws {
        let request = FastCGIClient.request(FastCGIClient.parameters("/healthz"))
        let slow = try server.connect()
        for offset in stride(from: 0, to: request.count, by: 16) {
            try slow.send(Array(request[offset..<min(offset + 16, request.count)]))
        }
        #expect(try slow.answer().status == 200)
        let silent = try (0..<50).map { _ in try server.connect() }
        let half = try (0..<50).map { index in
            let peer = try server.connect()
            try peer.send(Array(request[..<(1 + index * 3)]))
            return peer
        }
        // Other requests must not wait for these incomplete ones.
        try expectOthersUndisturbed()
        for peer in silent + half { #expect(try peer.readToClose()) }
        try expectOthersUndisturbed()
    }

    @Test("a viewer that aborts, sends more data or disconnects does not disturb others", .timeLimit(.minutes(1)))
    func leaving() throws {
        let aborting = try server.stream()
        try aborting.send(FastCGIClient.record(2))
        let talking = try server.stream()
        try talking.send([UInt8](repeating: 7, count: 200_000))
        #expect(try talking.part() != nil)
        for _ in 0..<20 {
            let leaving = try server.connect()
            try leaving.ask("/mjpeg")
        }
        #expect(try eventually { JSON(try server.get("/status/main").text)?["viewers"]?.number ?? 9 <= 3 })
        try expectOthersUndisturbed()
    }

    @Test("the connection of a refused request is not reset while its body is arriving", .timeLimit(.minutes(1)))
    func body() throws {
        let peer = try server.connect()
        var request = FastCGIClient.request(FastCGIClient.parameters("/mjpeg", method: "POST"))
        request.removeLast(8)
        try peer.send(request)
        for _ in 0..<20 { try peer.send(FastCGIClient.record(5, [UInt8](repeating: 65, count: 60_000))) }
        try peer.send(FastCGIClient.record(5))
        #expect(try peer.answer().status == 405)
    }
}
