import Linux
import Service
import TestSupport
import Testing

/// The rights of clients, determined by an ``AccessControl``.
@Suite struct GrantTests {
    @Test("a client without a grant gets 401, even for the metrics", .timeLimit(.minutes(1)))
    func noGrant() throws {
        let worker = try TestWorker(access: TestAccess())
        for target in ["/hello", "/metrics"] {
            let answer = try worker.ask(target, as: nil).answer()
            #expect(answer.status == 401)
            #expect(answer.text.contains("unauthorized"))
        }
    }

    @Test(
        "a client without the required right gets 403, and a client that has the right gets a response",
        .timeLimit(.minutes(1)))
    func rights() throws {
        let worker = try TestWorker(access: TestAccess())
        let refused = try worker.ask("/hello", as: "guest").answer()
        #expect(refused.status == 403)
        #expect(refused.text.contains("'watch'"))
        #expect(try worker.ask("/hello", as: "viewer").answer().status == 200)
    }

    @Test("when a grant expires, its open requests are refused soon", .timeLimit(.minutes(1)))
    func endedGrant() throws {
        let access = TestAccess()
        let worker = try TestWorker(access: access)
        let waiting = try worker.ask("/wait", as: "viewer")
        // The worker handles requests in order. Once it has answered /hello, it has also started to handle /wait.
        #expect(try worker.ask("/hello", as: "viewer").answer().status == 200)
        #expect(!waiting.hasEnded)
        access.end()
        let began = Instant.now
        let answer = try waiting.answer()
        #expect(answer.status == 403)
        #expect(answer.text.contains("has expired"))
        #expect(Instant.now - began < .seconds(3))
    }

    @Test("a worker that stops responds to waiting requests with 503", .timeLimit(.minutes(1)))
    func stoppedWorker() throws {
        let worker = try TestWorker(access: TestAccess())
        let waiting = try worker.ask("/wait", as: "viewer")
        #expect(try worker.ask("/hello", as: "viewer").answer().status == 200)
        worker.stop()
        let answer = try waiting.answer()
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
    }
}
