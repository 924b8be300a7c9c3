import MotionJPEG
import Testing

@Suite("Sending a multipart stream")
struct MultipartTests {
    @Test("a part's headers have exactly the documented bytes")
    func header() {
        let header = Multipart.partHeader(
            byteCount: 60_321, realtimeNanoseconds: 1_795_358_447_000_123_999, frameNumber: 1_795_358_400_001)
        #expect(
            String(decoding: header, as: UTF8.self)
                == "Content-Type: image/jpeg\r\nContent-Length: 60321\r\nX-Timestamp: 1795358447.000123\r\n"
                + "X-Frame-Id: 1795358400001\r\n\r\n")
    }

    @Test("the numbers of a part's headers may be as small or as large as their types allow")
    func extremes() {
        let least = Multipart.partHeader(byteCount: 0, realtimeNanoseconds: 0, frameNumber: 0)
        let most = Multipart.partHeader(byteCount: .max, realtimeNanoseconds: .max, frameNumber: .max)
        #expect(
            String(decoding: least, as: UTF8.self)
                == "Content-Type: image/jpeg\r\nContent-Length: 0\r\nX-Timestamp: 0.000000\r\nX-Frame-Id: 0\r\n\r\n")
        #expect(
            String(decoding: most, as: UTF8.self)
                == "Content-Type: image/jpeg\r\nContent-Length: 9223372036854775807\r\n"
                + "X-Timestamp: 18446744073.709551\r\nX-Frame-Id: 18446744073709551615\r\n\r\n")
    }

    @Test(
        "timestamps have six decimal places, whatever the time",
        arguments: [
            (UInt64(0), "0.000000"), (999, "0.000000"), (1_000, "0.000001"), (1_000_000_000, "1.000000"),
            (1_999_999_999, "1.999999"), (UInt64.max, "18446744073.709551"),
        ])
    func timestamps(nanoseconds: UInt64, text: String) {
        #expect(Multipart.timestamp(realtimeNanoseconds: nanoseconds) == text)
    }

    @Test("the fixed parts of a stream have exactly the documented bytes")
    func pieces() {
        #expect(Multipart.contentType == "multipart/x-mixed-replace; boundary=frame")
        #expect(Multipart.opening == Array("--frame\r\n".utf8))
        #expect(Multipart.partTrailer == Array("\r\n--frame\r\n".utf8))
        #expect(Multipart.advanceHeader == Array("Content-Type: image/jpeg\r\n\r\n".utf8))
        #expect(Multipart.closing == Array("--frame--\r\n".utf8))
    }
}
