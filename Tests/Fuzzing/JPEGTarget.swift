import Linux
import MotionJPEG

/// Parsing a JPEG's markers, and its repair.
enum JPEGTarget {
    static func run(_ input: Input) {
        let bytes = input.bytes
        cut(bytes)
        guard let info = inspect(bytes) else { return }
        check(1...bytes.count ~= info.byteCount, "the end lies within the bytes")
        check(1...65535 ~= info.width && 1...65535 ~= info.height, "the size is one")
        check(bytes.starts(with: [0xff, 0xd8]), "it begins with SOI")
        check(bytes[..<info.byteCount].suffix(2) == [0xff, 0xd9], "it ends with EOI")
        if let offset = info.huffmanTablesOffset {
            check(2..<info.byteCount ~= offset, "tables are inserted within the picture")
            check(bytes[offset] == 0xff, "tables are inserted before a marker")
        }
        let picture = Array(bytes[..<info.byteCount])
        check(inspect(picture) == info, "padding changes nothing")
        check(inspect(picture + picture) == info, "of merged pictures the first is taken")
        check(inspect(Array(picture.dropLast())) == nil, "a cut picture is refused")

        let repaired = write(bytes, info)
        check(repaired.count == info.repairedByteCount, "the repaired picture is as long as was said")
        var expected = info
        expected.byteCount = repaired.count
        expected.huffmanTablesOffset = nil
        check(inspect(repaired) == expected, "the repaired picture is whole")
        check(write(repaired, expected) == repaired, "to repair once is enough")
        if let offset = info.huffmanTablesOffset {
            var back = repaired
            back.removeSubrange(offset..<(offset + JPEG.standardHuffmanTables.count))
            check(back == picture, "nothing but tables was added")
        } else {
            check(repaired == picture, "what needs no repair is copied")
        }
    }

    /// Accepting a picture without its end.
    private static func cut(_ bytes: [UInt8]) {
        guard let info = bytes.withRawSpan({ try? JPEG.inspect($0, isTruncationAllowed: true) }) else { return }
        check(info.byteCount <= bytes.count, "the end lies within the bytes")
        check(write(bytes, info).count == info.repairedByteCount, "a cut picture can be written")
        if let whole = inspect(bytes) { check(info == whole, "a whole picture is not cut") }
    }

    private static func inspect(_ bytes: [UInt8]) -> JPEGInfo? {
        bytes.withRawSpan { try? JPEG.inspect($0) }
    }

    private static func write(_ bytes: [UInt8], _ info: JPEGInfo) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: info.repairedByteCount)
        let count = bytes.withRawSpan { bytes in
            output.withMutableRawSpan { JPEG.write(bytes, info, into: &$0) }
        }
        check(count == output.count, "all that was announced is written")
        return output
    }
}
