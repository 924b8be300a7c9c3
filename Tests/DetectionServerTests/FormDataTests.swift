import DetectionTestSupport
import TestSupport
import Testing

import Web

@Suite("A form with a picture")
struct FormDataTests {
    private let boundary = Array("xyz".utf8)

    @Test("a form is parsed into its fields")
    func fields() throws {
        let body = Array(
            ("before\r\n--xyz \t\r\ncontent-disposition: form-data; name=min_confidence\r\n\r\n0.5\r\n"
                + "--xyz\r\n\r\nnameless\r\n--xyz\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nJPEG\r\n--xyz--after")
                .utf8)
        let data = try FormData(body, boundary: boundary)
        #expect(data.fields.map(\.name) == ["min_confidence", "image"])
        #expect(data.first("image").map { String(decoding: body[$0], as: UTF8.self) } == "JPEG")
        #expect(data.first("min_confidence").map { String(decoding: body[$0], as: UTF8.self) } == "0.5")
    }

    @Test("parsing a form of arbitrary bytes does not crash, and all fields are inside the form")
    func mutated() throws {
        var mutator = Mutator("damaged forms")
        let whole = form(try greyJPEG(200)) + form([1, 2, 3], field: "other")
        for _ in 0..<20_000 {
            let body = mutator.mutate(whole)
            guard let data = try? FormData(body, boundary: boundary) else { continue }
            #expect(data.fields.count <= FormData.maximumFieldCount)
            for field in data.fields { #expect(body.indices.contains(field.content)) }
        }
    }

    @Test(
        "the boundary is parsed from the Content-Type",
        arguments: [
            ("multipart/form-data; boundary=xyz", "xyz"), ("Multipart/Form-Data;charset=a; Boundary=\"x y\"", "x y"),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil), ("image/jpeg; boundary=xyz", nil),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), nil),
        ] as [(String, String?)])
    func boundaries(type: String, boundary: String?) {
        #expect(FormData.boundary(in: type) == boundary.map { Array($0.utf8) })
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        other.lowerBound >= lowerBound && other.upperBound <= upperBound
    }
}
