import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Tests of a complete worker, the example hello-fcgi, with its listening socket at descriptor 0.
@Suite("hello-fcgi")
struct HelloWorkerTests {
    let folder = TemporaryFolder()

    private var socket: FilePath { folder.path.appending("worker.sock") }

    private func start(_ arguments: [String] = []) throws -> ChildProcess {
        let listener = try Socket.listen(at: socket)
        return try ChildProcess(
            "\(try ChildProcess.buildFolder())/hello-fcgi", ["--runtime-dir", "\(folder.path)"] + arguments,
            input: listener.number, log: "\(folder.path)/log")
    }

    private func get(_ target: String, method: String = "GET") throws -> FastCGIClient.Answer {
        let client = try FastCGIClient(socket)
        try client.ask(target, method: method)
        return try client.answer()
    }

    private func post(_ body: [UInt8]) throws -> FastCGIClient.Answer {
        let client = try FastCGIClient(socket)
        try client.send(Self.head(bodyByteCount: body.count) + FastCGIClient.record(5, body) + FastCGIClient.record(5))
        return try client.answer()
    }

    /// Returns the FastCGI records of a POST request, without the records of its body.
    private static func head(bodyByteCount: Int) -> [UInt8] {
        let parameters = FastCGIClient.parameters("/hello", method: "POST") + [("CONTENT_LENGTH", "\(bodyByteCount)")]
        // Drop the last record, which is empty and ends the body, since the test sends the body itself.
        return FastCGIClient.request(parameters).dropLast(8)
    }

    @Test("a POST request that a page of another site has sent is refused", .timeLimit(.minutes(1)))
    func foreignOrigin() throws {
        let worker = try start()
        defer { worker.end() }
        for (origin, status) in [("https://evil.example", 403), ("http://localhost:8000", 200)] {
            let client = try FastCGIClient(socket)
            let parameters =
                FastCGIClient.parameters("/hello", method: "POST")
                + [("CONTENT_LENGTH", "2"), ("HTTP_ORIGIN", origin), ("HTTP_HOST", "localhost:8000")]
            let head = Array(FastCGIClient.request(parameters).dropLast(8))
            try client.send(head + FastCGIClient.record(5, Array("me".utf8)) + FastCGIClient.record(5))
            #expect(try client.answer().status == status)
        }
    }

    @Test("each path, method and query gets the documented status", .timeLimit(.minutes(1)))
    func routes() throws {
        let worker = try start()
        let greeting = try get("/hello")
        #expect(greeting.status == 200)
        #expect(greeting.headers["content-type"] == "application/json")
        #expect(greeting.text == "{\"hello\":\"world\"}\n")
        #expect(try post(Array("Ada".utf8)).text == "{\"hello\":\"Ada\"}\n")
        let head = try get("/hello", method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        let wrongMethod = try get("/hello", method: "DELETE")
        #expect(wrongMethod.status == 405)
        #expect(wrongMethod.headers["allow"] == "GET, HEAD, POST")
        let unknownName = try get("/hello?loud=1")
        #expect(unknownName.status == 400)
        #expect(unknownName.text.contains("'loud'"))
        #expect(try get("/goodbye").status == 404)
        #expect(worker.isRunning)
    }

    @Test("the metrics count requests, and only /metrics returns them", .timeLimit(.minutes(1)))
    func metrics() throws {
        let worker = try start()
        for _ in 0..<3 { _ = try get("/hello") }
        _ = try get("/goodbye")
        let metrics = try get("/metrics")
        #expect(metrics.status == 200)
        #expect(metrics.text.contains("\nhello_greetings_total 3\n"))
        #expect(metrics.text.contains("\noriel_requests_total 5\n"))
        #expect(metrics.text.contains("\noriel_workers 1\n"))
        #expect(metrics.text.contains("service=\"hello-fcgi\""))
        for target in ["/metrics/", "//metrics", "/hello/metrics"] { #expect(try get(target).status == 404) }
        #expect(try get("/metrics?x=1").status == 400)
        #expect(try get("/metrics", method: "POST").status == 405)
        #expect(worker.isRunning)
    }

    @Test("a body that is too long is refused", .timeLimit(.minutes(1)))
    func bodyLimit() throws {
        let worker = try start()
        #expect(try post([UInt8](repeating: 0x61, count: 1024)).status == 200)
        let refused = try post([UInt8](repeating: 0x61, count: 1025))
        #expect(refused.status == 413)
        #expect(refused.text.contains("1024 bytes"))
        #expect(worker.isRunning)
    }

    @Test("a body that arrives too slowly is refused after a time that depends on its length", .timeLimit(.minutes(1)))
    func slowBody() throws {
        let worker = try start()
        let client = try FastCGIClient(socket)
        try client.send(Self.head(bodyByteCount: 1000))
        let began = Instant.now
        // Each pause between bytes is shorter than the worker allows, so only the total time is too long.
        while Poll.wait([client.socket.number], milliseconds: 0).isEmpty, Instant.now < began + .seconds(40) {
            try? client.send(FastCGIClient.record(5, [0x61]))
            Poll.wait([], milliseconds: 500)
        }
        let answer = try client.answer()
        #expect(answer.status == 408)
        #expect(answer.text.contains("\"timeout\""))
        #expect(Instant.now - began >= .seconds(10))
        // The body was refused while the client was still sending, not because the client had stopped.
        #expect(Instant.now - began < .seconds(40))
        #expect(worker.isRunning)
    }

    @Test("connections beyond the limit wait and are served later", .timeLimit(.minutes(1)))
    func connectionLimit() throws {
        let worker = try start(["--max-connections", "2"])
        _ = try get("/hello")
        func descriptorCount() -> Int { ProcessFigures(of: worker.processIdentifier)?.descriptors ?? 0 }
        // Wait until the connection of the request above is closed.
        var idle = 0
        #expect(
            eventually {
                defer { idle = descriptorCount() }
                return idle == descriptorCount()
            })
        // A worker accepts up to 32 connections more than the limit, so that it can refuse requests on them with an
        // error. hello-fcgi does not refuse them: it serves these connections like all others.
        let taken = 2 + 32
        var clients = try (0..<60).map { _ in try FastCGIClient(socket) }
        #expect(eventually { descriptorCount() - idle >= taken })
        try clients[0].ask("/hello")
        #expect(try clients[0].answer().status == 200)
        #expect(descriptorCount() - idle <= taken)
        // The last connection is served once the silent ones are closed.
        let last = clients[59]
        try last.ask("/hello")
        clients = []
        #expect(try last.answer().status == 200)
    }

    @Test(
        "after SIGTERM the worker still responds to requests that have arrived, and exits soon", .timeLimit(.minutes(1))
    )
    func termination() throws {
        let worker = try start()
        let asking = try FastCGIClient(socket)
        let posting = try FastCGIClient(socket)
        let silent = try FastCGIClient(socket)
        try posting.send(Self.head(bodyByteCount: 3) + FastCGIClient.record(5, Array("A".utf8)))
        // Connections are accepted in order, so once this request is answered, all earlier connections have been
        // accepted.
        _ = try get("/hello")
        worker.send(SIGSTOP)
        worker.send(SIGTERM)
        try asking.ask("/hello")
        try posting.send(FastCGIClient.record(5, Array("da".utf8)) + FastCGIClient.record(5))
        let began = Instant.now
        worker.send(SIGCONT)
        #expect(try asking.answer().text == "{\"hello\":\"world\"}\n")
        #expect(try posting.answer().text == "{\"hello\":\"Ada\"}\n")
        #expect(try silent.readToClose())
        #expect(worker.wait(milliseconds: 10_000) == 0)
        // The worker allows itself one second to stop. A busy machine may need longer.
        #expect(Instant.now - began < .seconds(3))
    }

    @Test("an invalid limit is a usage error", .timeLimit(.minutes(1)))
    func options() throws {
        #expect(try start(["--max-connections", "0"]).wait(milliseconds: 10_000) == 64)
    }
}
