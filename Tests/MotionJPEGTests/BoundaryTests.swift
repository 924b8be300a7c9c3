import MotionJPEG
import Testing

@Suite("Boundaries as cameras send them")
struct BoundaryTests {
    /// Each pair contains a parameter of the Content-Type, and the line that really separates the parts.
    private static let pairs: [(String, String)] = [
        ("boundary=--video boundary--", "--video boundary--"), ("boundary=video boundary--", "--video boundary--"),
        ("boundary=video boundary", "--video boundary--"), ("boundary=\"--video boundary--\"", "--video boundary--"),
        ("boundary = frame", "--frame"), ("boundary='frame'", "--frame"), ("boundary=frame,x", "--frame"),
        ("boundary=frame", "--other"), ("boundary=frame", "--frames"), ("boundary=frames", "--frame"),
        ("boundary=frame", "---frame"), ("boundary=----frame", "--frame"), ("boundary=frame", "frame"),
        ("boundary=--", "----"), ("boundary=frame", "--"), ("boundary=frame", "----"), ("boundary=", "--frame"),
        ("boundary=\"\"", "--frame"), ("", "--frame"), ("charset=utf-8", "--frame"), ("boundary=frame", "--frame  "),
        ("boundary=frame=x", "--frame=x"), ("boundary=Frame", "--frame"), ("Boundary=frame", "--frame"),
        ("boundary=" + String(repeating: "x", count: 300), "--" + String(repeating: "x", count: 300)),
        ("boundary=" + String(repeating: "x", count: 300), "--y"),
        ("boundary=gc0p4Jq0M:2Yt08jU534c0p", "--gc0p4Jq0M:2Yt08jU534c0p"),
    ]

    @Test("the parts are found, whatever boundary is declared", arguments: pairs)
    func declared(declared: String, sent: String) throws {
        let type = "multipart/x-mixed-replace; \(declared)"
        for ending in ["\r\n", "\n"] {
            for hasLength in [true, false] {
                let bytes = stream(of: samples + samples) { picture in
                    let length = hasLength ? "Content-Length: \(picture.count)\(ending)" : ""
                    let head = "\(sent)\(ending)Content-Type: image/jpeg\(ending)\(length)\(ending)"
                    return Array(head.utf8) + picture + Array(ending.utf8)
                }
                #expect(try parse(bytes, type).pictures == samples + samples)
                #expect(try parse(bytes, type, slices: [Int](repeating: 1, count: bytes.count)).pictures.count == 6)
            }
        }
    }

    @Test(
        "after a truncated picture, the next one is still found, whatever boundary is declared",
        arguments: pairs.prefix(10))
    func truncated(declared: String, sent: String) throws {
        let pictures = [samples[0], Array(samples[2].dropLast(100)), samples[1], samples[2]]
        let bytes = stream(of: pictures) { lines("\(sent)\nContent-Type: image/jpeg\n\n") + $0 + lines("\n") }
        #expect(
            try parse(bytes, "multipart/x-mixed-replace; \(declared)").pictures == [samples[0], samples[1], samples[2]])
    }

    @Test("the parts are found even if the boundary changes with each part")
    func changing() throws {
        let bytes = samples.indices.reduce(into: [UInt8]()) { bytes, index in
            bytes += lines("--part\(index)\nContent-Type: image/jpeg\n\n") + samples[index] + lines("\n")
        }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("a stream may begin with a part's headers, without a boundary")
    func headersFirst() throws {
        let bytes = stream(of: samples) { lines("Content-Type: image/jpeg\n\n") + $0 + lines("\n--frame\n") }
        #expect(try parse(bytes).pictures == samples)
        #expect(try parse(bytes, "multipart/x-mixed-replace; boundary=other").pictures == samples)
    }

    @Test("parts without headers are found after an unknown boundary")
    func noHeaders() throws {
        let bytes = stream(of: samples) { lines("--other\n\n") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("JPEGs are found even without any boundary between them")
    func unframed() throws {
        let bytes = stream(of: samples) { $0 }
        #expect(try parse(bytes).pictures == samples)
        let padded = stream(of: samples) { $0 + [0, 0, 0, 0x0D, 0x0A] }
        #expect(try parse(padded, slices: [Int](repeating: 3, count: padded.count)).pictures == samples)
    }

    @Test(
        "bytes before a picture are skipped", arguments: ["\n\n\n\n\n\n", "   ", "\nX-Late: header\n\n", "\u{1}\u{2}"])
    func leadingBytes(text: String) throws {
        let bytes = stream(of: samples) { lines("--frame\nContent-Type: image/jpeg\n\n\(text)") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
        #expect(try parse(bytes, slices: [Int](repeating: 1, count: bytes.count)).pictures == samples)
    }

    @Test("text between pictures that only looks like a boundary is skipped")
    func lookalikes() throws {
        let bytes = stream(of: samples) {
            lines("--frame\nContent-Type: image/jpeg\n\n") + $0 + lines("\n-- signature\nbye\n--\n-\nContent\n")
        }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("a flood of closing delimiters is an error")
    func closings() {
        let bytes = stream(of: [[UInt8]](repeating: [], count: 5000)) { _ in lines("--frame\n--frame--\n") }
        #expect(throws: MultipartError.boundaryMissing(byteCount: 20_000)) {
            try parse(bytes, maximumPartByteCount: 20_000)
        }
    }
}
