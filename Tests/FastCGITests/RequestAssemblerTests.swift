import FastCGI
import TestSupport
import Testing

@Suite("RequestAssembler")
struct RequestAssemblerTests {
    private let reader: RequestReader

    init() throws { reader = try RequestReader() }

    private let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    /// Returns the records of a request, with the body in records of up to 32 000 bytes, some of which are padded.
    private func request(_ body: [UInt8], request: UInt16 = 1) -> [UInt8] {
        var bytes = Array(
            FastCGIClient.request(FastCGIClient.parameters("/detect_once", method: "POST"), request: request)
                .dropLast(8))
        var rest = body[...]
        while !rest.isEmpty {
            bytes += FastCGIClient.record(5, request: request, Array(rest.prefix(32_000)), padding: rest.count % 8)
            rest = rest.dropFirst(32_000)
        }
        return bytes + FastCGIClient.record(5, request: request)
    }

    /// Feeds `bytes` to the assembler in pieces of `size` bytes.
    ///
    /// Once the header is complete, allows a body of at most `limit` bytes. Returns the assembler's last result and the
    /// request. The request is nil if its header is not complete.
    private func feed(
        _ bytes: [UInt8], size: Int, limit: Int, _ assembler: inout RequestAssembler
    ) -> (RequestAssembler.Progress, Request?) {
        var request: Request?
        var progress = RequestAssembler.Progress.incomplete
        var rest = bytes[...]
        while !rest.isEmpty {
            progress = assembler.feed(rest.prefix(size), reader)
            rest = rest.dropFirst(size)
            if case .head(let head) = progress {
                request = head
                assembler.allowBody(byteCount: limit, expected: limit)
                progress = assembler.feed([], reader)
            }
            guard case .incomplete = progress else { break }
        }
        return (progress, request)
    }

    @Test("a body is assembled from pieces of any size", arguments: [1, 7, 8, 4096, 1_000_000])
    func pieces(size: Int) {
        var assembler = RequestAssembler()
        let (progress, head) = feed(request(body), size: size, limit: body.count, &assembler)
        guard case .complete = progress else {
            Issue.record("\(progress)")
            return
        }
        #expect(head?["REQUEST_METHOD"] == "POST")
        #expect(head?["DOCUMENT_URI"] == "/detect_once")
        #expect(head?.id == 1)
        #expect(assembler.takeBody() == body)
        #expect(assembler.body.isEmpty)
    }

    @Test("a request without a body is complete once its empty input record has arrived")
    func noBody() {
        var assembler = RequestAssembler()
        let (progress, head) = feed(request([], request: 0x1234), size: 10, limit: 0, &assembler)
        guard case .complete = progress else {
            Issue.record("\(progress)")
            return
        }
        #expect(head?.id == 0x1234)
    }

    @Test("a body that is larger than allowed is refused and not buffered completely")
    func tooLarge() {
        var assembler = RequestAssembler()
        let (progress, _) = feed(request(body), size: 4096, limit: body.count - 1, &assembler)
        guard case .bodyTooLarge = progress else {
            Issue.record("\(progress)")
            return
        }
        #expect(assembler.body.count < body.count)
    }

    @Test("within a body, a record of another type or of another request is refused")
    func otherRecords() {
        let head = Array(FastCGIClient.request(FastCGIClient.parameters("/")).dropLast(8))
        for record in [
            FastCGIClient.record(4), FastCGIClient.record(5, request: 2, [1]), [2, 5, 0, 1, 0, 0, 0, 0],
            FastCGIClient.record(8, [1, 2, 3]),
        ] {
            var assembler = RequestAssembler()
            let (progress, _) = feed(head + record, size: 1000, limit: 1000, &assembler)
            guard case .refused(.notFastCGI) = progress else {
                Issue.record("\(progress)")
                continue
            }
        }
    }

    @Test("no mutation of a request crashes the assembler or exceeds the limit of its body")
    func noise() {
        var state: UInt64 = 11
        let whole = request(Array(body.prefix(300)))
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            var assembler = RequestAssembler()
            _ = feed(bytes, size: 50, limit: 1000, &assembler)
            #expect(assembler.body.count <= 1000)
        }
    }
}
