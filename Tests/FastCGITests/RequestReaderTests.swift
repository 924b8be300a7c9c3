import FastCGI
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("RequestReader")
struct RequestReaderTests {
    /// Parses the request whose header is at the beginning of `bytes`.
    private func read(_ bytes: [UInt8]) throws -> Request {
        guard case .complete(let count) = RequestHead.examine(bytes, count: bytes.count) else {
            throw FastCGIError.unreadableRequest
        }
        return try RequestReader().read(bytes.prefix(count))
    }

    @Test("a request is parsed with its ID and all of its variables")
    func variables() throws {
        let long = String(repeating: "a long value, ", count: 2000)
        let variables =
            FastCGIClient.parameters("/mjpeg/main?fps=5") + [("LONG", long), ("EMPTY", ""), ("SIGN", "a=b")]
        let whole = try read(FastCGIClient.request(variables, request: 258))
        #expect(whole.id == 258)
        for (name, value) in variables { #expect(whole.parameters[name] == value) }
        #expect(whole["EMPTY"] == nil)
        #expect(whole["SIGN"] == "a=b")
        #expect(whole["ABSENT"] == nil)
    }

    @Test("if a variable is repeated, its first value is used")
    func twice() throws {
        #expect(try read(FastCGIClient.request([("A", "1"), ("A", "2")]))["A"] == "1")
    }

    @Test("input that libfcgi cannot read is refused immediately and does not affect the next request")
    func unreadable() throws {
        let reader = try RequestReader()
        let bad: [UInt8] = [2, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let whole = FastCGIClient.request(FastCGIClient.parameters("/status"))
        let head = whole.dropLast(8)
        let began = Instant.now
        #expect(throws: FastCGIError.unreadableRequest) { try reader.read(bad[...]) }
        #expect(try reader.read(head)["DOCUMENT_URI"] == "/status")
        // No caller should pass an incomplete header. If a caller does, the call must not block, and it must not affect
        // the next request.
        _ = try? reader.read(head.prefix(20))
        #expect(try reader.read(head)["DOCUMENT_URI"] == "/status")
        // By default, libfcgi would read from a bad connection for two seconds. RequestReader prevents that.
        #expect(Instant.now - began < .milliseconds(1900))
    }

    @Test("padding after a header is not mistaken for the next header")
    func padding() throws {
        let reader = try RequestReader()
        let pairs: [UInt8] = [1, 1, 65, 66]
        let head =
            FastCGIClient.record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + FastCGIClient.record(4, pairs)
            + FastCGIClient.record(4, padding: 7)
        for _ in 0..<3 { #expect(try reader.read(head[...])["A"] == "B") }
    }

    @Test("libfcgi does not change signal handling")
    func signals() throws {
        var before = sigaction()
        _ = unsafe sigaction(SIGTERM, nil, &before)
        _ = try RequestReader()
        var after = sigaction()
        _ = unsafe sigaction(SIGTERM, nil, &after)
        #expect(
            unsafe unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(after.__sigaction_handler.sa_handler, to: Int.self))
    }
}
