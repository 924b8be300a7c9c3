import FastCGI
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("RequestReader")
struct RequestReaderTests {
    let folder = TemporaryFolder()

    /// What libfcgi reads of `bytes` that lie in a socket.
    private func read(_ bytes: [UInt8]) throws -> Request {
        let path = folder.path.appending("s")
        let listener = try Socket.listen(at: path)
        let client = try FastCGIClient(path)
        try client.send(bytes)
        let server = Descriptor(owning: try Socket.accept(from: listener.number).get())
        return try RequestReader().read(from: server)
    }

    @Test("a request comes out with its number and all its variables, in one record or many")
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

    @Test("a variable that is there twice is the first one")
    func twice() throws {
        #expect(try read(FastCGIClient.request([("A", "1"), ("A", "2")]))["A"] == "1")
    }

    @Test("the socket stays open and usable for the answer")
    func socketStays() throws {
        let path = folder.path.appending("open")
        let listener = try Socket.listen(at: path)
        let client = try FastCGIClient(path)
        try client.ask("/status")
        let server = Descriptor(owning: try Socket.accept(from: listener.number).get())
        let request = try RequestReader().read(from: server)
        var bytes: [UInt8] = []
        Record.appendOutput(Array("Status: 200 OK\r\n\r\nhello".utf8), request: request.id, to: &bytes)
        Record.appendEnd(request: request.id, to: &bytes)
        #expect(try Socket.send(bytes, from: 0, to: server.number).get() == bytes.count)
        #expect(try client.answer().text == "hello")
    }

    @Test("what libfcgi cannot read is an error, at once, and closes nothing of others")
    func unreadable() throws {
        let path = folder.path.appending("bad")
        let listener = try Socket.listen(at: path)
        let client = try FastCGIClient(path)
        try client.send([2, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        let server = Descriptor(owning: try Socket.accept(from: listener.number).get())
        let began = Clock.monotonic
        #expect(throws: FastCGIError.unreadableRequest) { try RequestReader().read(from: server) }
        #expect(Clock.monotonic - began < 1_900_000_000)
        #expect(try server.status().linkCount == 1)
    }

    @Test("libfcgi takes no signal away from the process")
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
