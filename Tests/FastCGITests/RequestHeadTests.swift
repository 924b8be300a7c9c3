import FastCGI
import TestSupport
import Testing

@Suite("RequestHead")
struct RequestHeadTests {
    let whole = FastCGIClient.request(FastCGIClient.parameters("/mjpeg"))
    static let begin = FastCGIClient.record(1, [0, 1, 0, 0, 0, 0, 0, 0])
    static let end = FastCGIClient.record(4)

    private func examine(_ bytes: [UInt8]) -> RequestHead { .examine(bytes, count: bytes.count) }

    @Test("a header is complete once its empty parameters record has arrived, and not a byte earlier")
    func completeness() {
        // The last 8 bytes are an empty input record, which is not part of the header.
        for count in 0..<(whole.count - 8) {
            #expect(RequestHead.examine(whole, count: count) == .incomplete)
        }
        for count in (whole.count - 8)...whole.count {
            #expect(RequestHead.examine(whole, count: count) == .complete(byteCount: whole.count - 8))
        }
    }

    @Test(
        "input that libfcgi cannot handle is refused",
        arguments: [
            (Array("GET /".utf8), .notFastCGI), ([2], .notFastCGI),
            (FastCGIClient.record(1, request: 0, [0, 1, 0, 0, 0, 0, 0, 0]), .notFastCGI),
            (FastCGIClient.record(1, [0, 1, 0]), .notFastCGI),
            (FastCGIClient.record(1, [0, 2, 0, 0, 0, 0, 0, 0]), .wrongRole),
            (FastCGIClient.record(1, [1, 1, 0, 0, 0, 0, 0, 0]), .wrongRole),
            (FastCGIClient.record(1, [0, 1, 0, 0, 0, 0, 0, 0], padding: 8) + end, .notFastCGI),
            (begin + begin, .notFastCGI), (begin + FastCGIClient.record(5), .notFastCGI),
            (begin + FastCGIClient.record(9, request: 0, [1, 0, 65]), .notFastCGI),
            (begin + FastCGIClient.record(4, request: 2), .notFastCGI),
            (begin + FastCGIClient.record(4, [1]) + end, .badParameters),
            (begin + FastCGIClient.record(4, [1, 2, 65, 66]) + end, .badParameters),
            (begin + FastCGIClient.record(4, [0x80, 0, 0]) + end, .badParameters),
            (begin + FastCGIClient.record(4, [0xff, 0xff, 0xff, 0xfe, 1, 65]) + end, .badParameters),
            (FastCGIClient.request((0..<513).map { ("A\($0)", "") }), .tooLarge),
        ] as [([UInt8], RequestHead.Defect)])
    func refusals(_ bytes: [UInt8], _ defect: RequestHead.Defect) {
        #expect(examine(bytes) == .refused(defect))
    }

    @Test("parameters may be split into records at any place, with padding")
    func cutParameters() {
        let pairs: [UInt8] = [1, 1, 65, 66] + [2, 0x80, 0, 0, 200, 67, 68] + [UInt8](repeating: 69, count: 200)
        for cut in 1..<pairs.count {
            let bytes =
                Self.begin + FastCGIClient.record(4, Array(pairs[..<cut]), padding: cut % 8)
                + FastCGIClient.record(4, Array(pairs[cut...]), padding: 3) + Self.end
            #expect(examine(bytes) == .complete(byteCount: bytes.count))
        }
    }

    @Test("no mutation of a request crashes the examination of its header")
    func anyBytes() {
        var state: UInt32 = 1
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<3 {
                state = state &* 1_664_525 &+ 1_013_904_223
                bytes[Int(state >> 8) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            state = state &* 1_664_525 &+ 1_013_904_223
            _ = RequestHead.examine(bytes, count: Int(state >> 8) % (bytes.count + 1))
        }
    }
}
