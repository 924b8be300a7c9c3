import Linux
import MotionJPEG

/// Fuzzes the inspection of a JPEG's markers, and its repair.
enum JPEGTarget {
    static func run(_ input: Input) {
        let bytes = input.bytes
        cut(bytes)
        guard let info = inspect(bytes) else { return }
        check(1...bytes.count ~= info.byteCount, "the end is within the bytes")
        check(1...65535 ~= info.width && 1...65535 ~= info.height, "width and height are from 1 to 65535")
        check(bytes.starts(with: [0xff, 0xd8]), "a picture begins with SOI")
        check(bytes[..<info.byteCount].suffix(2) == [0xff, 0xd9], "a picture ends with EOI")
        if let offset = info.huffmanTablesOffset {
            check(2..<info.byteCount ~= offset, "tables are inserted within the picture")
            check(bytes[offset] == 0xff, "tables are inserted before a marker")
        }
        let picture = Array(bytes[..<info.byteCount])
        check(inspect(picture) == info, "padding changes nothing")
        check(inspect(picture + picture) == info, "of two pictures in a row, the first one is found")
        check(inspect(Array(picture.dropLast())) == nil, "a truncated picture is refused")

        let repaired = write(bytes, info)
        check(repaired.count == info.repairedByteCount, "the repaired picture has the announced length")
        var expected = info
        expected.byteCount = repaired.count
        expected.huffmanTablesOffset = nil
        check(inspect(repaired) == expected, "the repaired picture is complete")
        check(write(repaired, expected) == repaired, "repairing a picture again does not change it")
        if let offset = info.huffmanTablesOffset {
            var back = repaired
            back.removeSubrange(offset..<(offset + JPEG.standardHuffmanTables.count))
            check(back == picture, "only tables were added")
        } else {
            check(repaired == picture, "a picture that needs no repair is copied unchanged")
        }
    }

    /// Checks the inspection that accepts truncated pictures.
    private static func cut(_ bytes: [UInt8]) {
        guard let info = bytes.withRawSpan({ try? JPEG.inspect($0, isTruncationAllowed: true) }) else { return }
        check(info.byteCount <= bytes.count, "the end is within the bytes")
        check(write(bytes, info).count == info.repairedByteCount, "a truncated picture can be written")
        if let whole = inspect(bytes) { check(info == whole, "a complete picture is not treated as truncated") }
    }

    private static func inspect(_ bytes: [UInt8]) -> JPEGInfo? {
        bytes.withRawSpan { try? JPEG.inspect($0) }
    }

    private static func write(_ bytes: [UInt8], _ info: JPEGInfo) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: info.repairedByteCount)
        let count = bytes.withRawSpan { bytes in
            output.withMutableRawSpan { JPEG.write(bytes, info, into: &$0) }
        }
        check(count == output.count, "exactly the announced number of bytes is written")
        return output
    }
}
