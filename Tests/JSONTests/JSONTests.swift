import JSON
import Testing

@Suite("JSON")
struct JSONTests {
    private func read(_ text: String) -> JSON? { JSON(Array(text.utf8)) }

    @Test("a document is parsed and written again on one line")
    func reading() {
        let text = #" {"a": [1, -2.5e3, true, false, null, 0, -0.5], "b": {"c": "x\n\"\\\/\u00e9\ud83d\ude00\ud800"}} "#
        let value = read(text)
        #expect(value?["a"]?.text == "[1,-2500.0,true,false,null,0,-0.5]")
        #expect(value?["a"]?.array?.map(\.number) == [1, -2500, nil, nil, nil, 0, -0.5])
        #expect(value?["a"]?.array?.map(\.integer) == [1, nil, nil, nil, nil, 0, nil])
        #expect(value?["a"]?.array?.map(\.boolean) == [nil, nil, true, false, nil, nil, nil])
        #expect(value?["a"]?.array?[4].isNull == true)
        #expect(value?["b"]?["c"]?.string == "x\n\"\\/é😀\u{fffd}")
        #expect(
            read("[9223372036854775807, 9223372036854775808]")?.text == "[9223372036854775807,9.223372036854776e+18]"
        )
    }

    @Test("members keep their order, and if a name occurs twice, the last member is used")
    func members() {
        let value = read(#"{"z": 1, "a": 2, "z": 3}"#)
        #expect(value?.object?.map(\.0) == ["z", "a", "z"])
        #expect(value?["z"]?.integer == 3)
        #expect(value?["y"] == nil)
    }

    @Test(
        "invalid documents are rejected",
        arguments: [
            "", "{", "}", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a: 1}", "\"open", "\"\\x\"", "\"\\u12g4\"", "\"\\u+123\"",
            "1 2", "tru", "-", "nan", "1e999", "\"\u{1}\"", "01", "+1", ".5", "1.", "1e", "--1", "- 1", "{,}", "[,1]",
            "{\"a\":1,}", "'a'", "\u{feff}1", String(repeating: "[", count: 100_000),
            String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
        ])
    func refused(text: String) {
        #expect(read(text) == nil)
    }

    @Test("no mutation of a document crashes the parser, and a parsed value can be written and parsed again")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let document = Array(#"{"now": 1.5, "list": [{"a": "m\u0000\"", "b": -3, "c": true}, null, "é"]}"#.utf8)
        for _ in 0..<5000 {
            var bytes = document
            for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255) }
            guard let value = JSON(Array(bytes.prefix(.random(in: 0...bytes.count)))) else { continue }
            #expect(read(value.text)?.text == value.text)
        }
    }

    @Test("strings are escaped as section 7 of RFC 8259 requires")
    func escapes() {
        #expect(JSON.text("a\"\\\u{1}\n\u{7f}창").text == "\"a\\\"\\\\\\u0001\\u000a\\u007f창\"")
    }

    @Test("values that JSON cannot represent are written as null")
    func notFinite() {
        #expect(
            JSON.array([.number(.infinity), .optional(nil), .count(UInt64.max)]).text
                == "[null,null,9223372036854775807]")
    }
}
