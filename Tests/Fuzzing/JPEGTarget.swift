import Linux
import MotionJPEG

/// Fuzzes the inspection of a JPEG's markers, and the repair of the JPEG.
enum JPEGTarget {
    static func run(_ input: Input) {
        let bytes = input.bytes
        cut(bytes)
        locate(bytes)
        orient(bytes)
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
        check(inspect(picture) == info, "bytes after the picture do not change the result")
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

    /// Checks the inspection of a picture that may be truncated.
    private static func cut(_ bytes: [UInt8]) {
        guard let info = bytes.withRawSpan({ try? JPEG.inspect($0, isTruncationAllowed: true) }) else { return }
        check(info.byteCount <= bytes.count, "the end is within the bytes")
        check(write(bytes, info).count == info.repairedByteCount, "a truncated picture can be written")
        if let whole = inspect(bytes) { check(info == whole, "a complete picture is not treated as truncated") }
    }

    /// Checks the search for the first whole picture in the input.
    private static func locate(_ bytes: [UInt8]) {
        for isTruncationAllowed in [false, true] {
            let found = bytes.withRawSpan { try? JPEG.locate($0, isTruncationAllowed: isTruncationAllowed) }
            if let whole = inspect(bytes) {
                check(
                    found?.offset == 0 && found?.info == whole,
                    "if the input begins with a whole picture, that picture is found")
            }
            guard let (offset, info) = found else { continue }
            check(
                0..<bytes.count ~= offset && info.byteCount <= bytes.count - offset,
                "the found picture lies within the bytes")
            let rest = Array(bytes[offset...])
            let again = rest.withRawSpan { try? JPEG.inspect($0, isTruncationAllowed: isTruncationAllowed) }
            check(again == info, "inspecting the found picture gives the same result")
        }
    }

    /// Reads the orientation of the input, and checks that only the first Exif segment determines it.
    private static func orient(_ bytes: [UInt8]) {
        _ = bytes.withRawSpan { ExifOrientation(of: $0) }
        guard bytes.starts(with: [0xff, 0xd8]) else { return }
        let exif: [UInt8] =
            [0xff, 0xe1, 0, 34] + Array("Exif\0\0MM\0*".utf8) + [
                0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
            ]
            + [0, 0, 0, 0]
        let marked = [0xff, 0xd8] + exif + bytes.dropFirst(2)
        check(
            marked.withRawSpan { ExifOrientation(of: $0) } == .rotate90,
            "only the first Exif segment determines the orientation")
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
