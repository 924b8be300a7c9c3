import FastCGI
import TestSupport
import Testing

@Suite("RequestHead")
struct RequestHeadTests {
    let whole = FastCGIClient.request(FastCGIClient.parameters("/mjpeg"))

    @Test("a request is complete with its empty parameters record, and not a byte earlier")
    func completeness() {
        // The last record, the empty input of 8 bytes, is no part of the head.
        for count in 0..<(whole.count - 8) {
            #expect(RequestHead.examine(whole, count: count) == .incomplete)
        }
        for count in (whole.count - 8)...whole.count {
            #expect(RequestHead.examine(whole, count: count) == .complete)
        }
    }
}
