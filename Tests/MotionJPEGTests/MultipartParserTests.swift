import MotionJPEG
import Testing

@Suite("Multipart parser")
struct MultipartParserTests {
    @Test("Oriel's own stream yields its pictures, timestamps and numbers")
    func ownStreamIsRead() throws {
        let parts = try parse(ownStream(samples))
        #expect(parts.pictures == samples)
        #expect(parts.map(\.headers.frameNumber) == [1000, 1001, 1002])
        #expect(parts[1].headers.timestamp == 1_700_000_000_033_000_000)
        #expect(parts[0].headers.contentLength == samples[0].count)
        #expect(parts[0].headers.contentType == "image/jpeg")
        #expect(parts[0].headers.picture == JPEGInfo(width: 640, height: 480, byteCount: samples[0].count))
    }

    @Test("a stream with headers sent in advance yields its pictures")
    func advanceHeaders() throws {
        #expect(try parse(ownStream(samples, advancesHeaders: true)).pictures == samples)
    }

    @Test(
        "a boundary may be quoted",
        arguments: [
            "multipart/x-mixed-replace; boundary=\"frame\"", "multipart/x-mixed-replace;boundary=frame",
            "Multipart/X-Mixed-Replace; charset=\"a;b\"; Boundary=\"fr\\ame\" ; x=y",
            "multipart/mixed; boundary=frame;",
        ])
    func quotedBoundary(contentType: String) throws {
        #expect(try parse(ownStream(samples), contentType).pictures == samples)
    }

    @Test("a boundary may be declared with or without dashes, whatever the stream sends")
    func dashes() throws {
        for declared in ["--frame", "----frame", "\"--frame\""] {
            for dashes in ["--", "----", "------"] {
                let bytes = stream(of: samples) { lines("\n\(dashes)frame\nContent-Type: image/jpeg\n\n") + $0 }
                let parts = try parse(bytes, "multipart/x-mixed-replace; boundary=\(declared)")
                #expect(parts.pictures == samples)
            }
        }
    }

    @Test("a boundary may consist of dashes")
    func onlyDashes() throws {
        let bytes = stream(of: samples) { lines("\n------\nContent-Type: image/jpeg\n\n") + $0 }
        #expect(try parse(bytes, "multipart/x-mixed-replace; boundary=----").pictures == samples)
    }

    @Test(
        "a type that is not multipart is rejected",
        arguments: [
            ("text/html", MultipartError.notMultipart("text/html")), ("", .notMultipart("")),
            ("image/jpeg; boundary=x", .notMultipart("image/jpeg; boundary=x")),
        ])
    func refusedTypes(contentType: String, error: MultipartError) {
        #expect(throws: error) { try MultipartParser(contentType: contentType) }
    }

    @Test("parts may have no Content-Length")
    func withoutLength() throws {
        let bytes = stream(of: samples) { lines("--frame\nContent-Type: image/jpeg\n\n") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("parts may have no headers at all")
    func withoutHeaders() throws {
        #expect(try parse(stream(of: samples) { lines("--frame\n\n") + $0 + lines("\n") }).pictures == samples)
    }

    @Test("lines may end in LF alone")
    func lineFeeds() throws {
        let bytes = stream(of: samples) {
            Array("--frame\nContent-Type: image/jpeg\nContent-Length: \($0.count)\nX-Frame-Id: 7\n\n".utf8) + $0 + [
                0x0A
            ]
        }
        let parts = try parse(bytes)
        #expect(parts.pictures == samples)
        #expect(parts.allSatisfy { $0.headers.frameNumber == 7 })
    }

    @Test("a preamble is skipped, even one that mentions the boundary")
    func preamble() throws {
        let preamble = lines("This is a --frame stream.\n--framework\n--frame is its boundary.\n\n")
        #expect(try parse(preamble + ownStream(samples)).pictures == samples)
    }

    @Test("the boundary may be duplicated")
    func doubleBoundary() throws {
        let bytes = stream(of: samples) { lines("--frame\n--frame\nContent-Type: image/jpeg\n\n") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
        let twice = stream(of: samples) { lines("--frame\n\n--frame\nContent-Type: image/jpeg\n\n") + $0 + lines("\n") }
        #expect(try parse(twice).pictures == samples)
    }

    @Test("no line break is required before a boundary")
    func noLineBreak() throws {
        let bytes = stream(of: samples) { lines("--frame\nContent-Type: image/jpeg\n\n") + $0 } + lines("--frame--\n")
        #expect(try parse(bytes).pictures == samples)
        let lengths = stream(of: samples) { lines("--frame\nContent-Length: \($0.count)\n\n") + $0 }
        #expect(try parse(lengths).pictures == samples)
    }

    @Test(
        "the text of the boundary inside a picture does not end the picture",
        arguments: [
            "--frame", "\n--frame", "--frame--", "x--frame--\nx", "\n--frame\nno header follows",
            "\n--framed\nContent-Type: image/jpeg\n\n",
        ])
    func boundaryInPicture(text: String) throws {
        let picture = SampleJPEG(insertion: lines(text)).bytes
        for length in ["", "Content-Length: \(picture.count)\n"] {
            let part = lines("--frame\nContent-Type: image/jpeg\n\(length)\n") + picture + lines("\n")
            #expect(try parse(part + part + part).pictures == [picture, picture, picture])
        }
    }

    @Test("if its length is correct, a picture may even contain a complete boundary with headers")
    func wholeBoundaryInPicture() throws {
        let picture = SampleJPEG(insertion: lines("\n--frame\nContent-Type: image/jpeg\n\n")).bytes
        let part = lines("--frame\nContent-Length: \(picture.count)\n\n") + picture + lines("\n")
        #expect(try parse(part + part).pictures == [picture, picture])
        #expect(try parse(part + part, slices: [Int](repeating: 9, count: 300)).pictures == [picture, picture])
    }

    @Test(
        "after the first wrong length, all later lengths are ignored", arguments: [-1, 3, 50])
    func distrust(error: Int) throws {
        let lying = lines("--frame\nContent-Length: \(samples[0].count + error)\n\n") + samples[0] + lines("\n")
        let picture = SampleJPEG(insertion: lines("\n--frame\nContent-Type: image/jpeg\n\n")).bytes
        let honest = lines("--frame\nContent-Length: \(picture.count)\n\n") + picture + lines("\n")
        #expect(try parse(honest + lying + honest + lying).pictures == [picture, samples[0], samples[0]])
    }

    @Test(
        "a length that is too short, too long or invalid does not tear a picture",
        arguments: [
            "0", "1", "100", "400", "2000", "900000", "99999999999999999999999", "-5", "12abc", "",
        ])
    func lyingLength(length: String) throws {
        let bytes = stream(of: samples) {
            lines("--frame\nContent-Type: image/jpeg\nContent-Length: \(length)\n\n") + $0 + lines("\n")
        }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("a length that includes the line break after the picture is accepted")
    func lengthWithLineBreak() throws {
        let bytes = stream(of: samples) { lines("--frame\nContent-Length: \($0.count + 2)\n\n") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("empty lines before a picture are skipped")
    func emptyLines() throws {
        let bytes = stream(of: samples) { lines("--frame\nContent-Length: \($0.count)\n\n\n") + $0 + lines("\n") }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("a picture is delivered at its last byte, before the next boundary", arguments: [true, false])
    func earlyPicture(hasLength: Bool) throws {
        let length = hasLength ? "Content-Length: \(samples[0].count)\n" : ""
        let bytes = lines("--frame\n\(length)\n") + samples[0]
        #expect(try parse(bytes).pictures == [samples[0]])
        #expect(try parse(Array(bytes.dropLast())).isEmpty)
    }

    @Test("a truncated picture is delivered as invalid, and the next one is complete", arguments: [nil, 0, 5000])
    func cutPicture(lengthError: Int?) throws {
        let cut = Array(samples[0].dropLast(40))
        let length = lengthError.map { "Content-Length: \(cut.count + $0)\n" } ?? ""
        let bytes =
            lines("--frame\n\(length)\n") + cut + lines("\n--frame\nContent-Length: \(samples[2].count)\n\n")
            + samples[2] + lines("\n--frame\n\n") + samples[1]
        let parts = try parse(bytes)
        #expect(parts.pictures == [samples[2], samples[1]])
        #expect(parts[0].bytes == cut)
        #expect(parts[0].headers.picture == nil)
    }

    @Test(
        "after a picture that is truncated within its headers, the next one is still found", arguments: [true, false])
    func cutHeaders(hasLength: Bool) throws {
        for count in [1, 2, 3, 4, 10, 60, 75, 90, 100] {
            let cut = Array(samples[0].prefix(count))
            let length = hasLength ? "Content-Length: \(samples[0].count)\n" : ""
            let next = samples[1] + lines("\n--frame\n\n") + samples[2]
            let bytes = lines("--frame\n\(length)\n") + cut + lines("\n--frame\nContent-Type: image/jpeg\n\n") + next
            let parts = try parse(bytes + lines("\n--frame\n\n") + samples[0])
            #expect(parts.pictures == [samples[1], samples[2], samples[0]], "cut after \(count) bytes")
        }
    }

    @Test("parts that are not pictures are delivered as invalid")
    func otherParts() throws {
        let bytes =
            lines("--frame\nContent-Type: text/plain\nContent-Length: 5\n\nhello\n--frame\n\n") + samples[0]
            + lines("\n--frame\nContent-Type: text/html\n\n<html>\n--frame\n\n") + samples[1]
        let parts = try parse(bytes)
        #expect(parts.map(\.bytes) == [Array("hello".utf8), samples[0], Array("<html>".utf8), samples[1]])
        #expect(parts.map { $0.headers.picture != nil } == [false, true, false, true])
    }

    @Test("an empty part is delivered as empty")
    func emptyPart() throws {
        let parts = try parse(lines("--frame\nContent-Length: 0\n\n\n--frame\n\n") + samples[0])
        #expect(parts.map(\.bytes) == [[], samples[0]])
    }

    @Test("padding and further pictures after a picture are skipped")
    func padding() throws {
        let padded = samples[0] + [UInt8](repeating: 0, count: 100)
        let merged = samples[1] + samples[2]
        let bytes = stream(of: [padded, merged, samples[2]]) { lines("--frame\nContent-Length: \($0.count)\n\n") + $0 }
        #expect(try parse(bytes).pictures == samples)
    }

    @Test("a stream may continue after a closing boundary")
    func closing() throws {
        #expect(try parse(ownStream(samples) + ownStream(samples)).pictures == samples + samples)
    }

    @Test(
        "timestamps are parsed, and invalid ones are ignored",
        arguments: [
            ("1700000000.123456", UInt64(1_700_000_000_123_456_000)), ("12", 12_000_000_000), ("0.5", 500_000_000),
            ("1.1234567891234", 1_123_456_789), ("7.", 7_000_000_000), ("-1", nil), ("1e9", nil), ("", nil),
            ("99999999999999999999", nil), ("18446744074.0", nil), ("1.2.3", nil), ("1.x", nil),
        ])
    func timestamps(text: String, nanoseconds: UInt64?) throws {
        let parts = try parse(lines("--frame\nx-timestamp:  \(text) \t\n\n") + samples[0])
        #expect(parts[0].headers.timestamp == nanoseconds)
    }
}
