/// A comment segment of a JPEG (marker COM; ITU-T T.81, section B.2.4.5).
///
/// Programs that do not know a comment's contents skip it. Data in a comment therefore stays with the picture when the
/// picture is relayed or saved.
public enum JPEGComment {
    /// The maximum number of bytes in a comment: its 16-bit length also counts the two bytes of the length itself.
    public static let maximumByteCount = 65_533

    /// Returns the segment that contains `contents`, with its marker and length.
    ///
    /// - Parameter contents: At most ``maximumByteCount`` bytes.
    /// - Returns: The bytes of the segment.
    public static func segment(_ contents: [UInt8]) -> [UInt8] {
        precondition(contents.count <= maximumByteCount)
        let length = contents.count + 2
        return [0xFF, 0xFE, UInt8(length >> 8), UInt8(length & 0xFF)] + contents
    }

    /// Returns the offset at which a comment can be inserted; nil if `jpeg` does not begin like a JPEG.
    ///
    /// This is after the start marker, or after the APP0 segments that follow it, because JFIF and AVI1 require their
    /// APP0 segments to come first.
    public static func insertionOffset(in jpeg: RawSpan) -> Int? {
        let bytes = Span<UInt8>(_bytes: jpeg)
        guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return nil }
        var offset = 2
        while let segment = segment(at: offset, in: bytes), segment.marker == 0xE0 { offset = segment.end }
        return offset
    }

    /// Returns the position of the first comment whose contents begin with `tag`; nil if there is none.
    ///
    /// - Parameters:
    ///   - tag: The first bytes of the comment.
    ///   - jpeg: The JPEG, which may consist of any bytes. Only its segments before the data are searched.
    /// - Returns: The range of the whole segment, and the range of the contents after `tag`.
    public static func find(_ tag: [UInt8], in jpeg: RawSpan) -> (segment: Range<Int>, contents: Range<Int>)? {
        let bytes = Span<UInt8>(_bytes: jpeg)
        guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return nil }
        var offset = 2
        while let segment = segment(at: offset, in: bytes) {
            let start = offset + 4
            if segment.marker == 0xFE, segment.end - start >= tag.count,
                tag.indices.allSatisfy({ bytes[start + $0] == tag[$0] })
            {
                return (offset..<segment.end, (start + tag.count)..<segment.end)
            }
            // The data follows the scan header.
            if segment.marker == 0xDA { return nil }
            offset = segment.end
        }
        return nil
    }

    /// Returns the marker and the end of the segment at `offset`; nil if there is no complete segment with a length.
    private static func segment(at offset: Int, in bytes: Span<UInt8>) -> (marker: UInt8, end: Int)? {
        guard offset + 4 <= bytes.count, bytes[offset] == 0xFF else { return nil }
        let marker = bytes[offset + 1]
        let length = bytes.bigEndian16(at: offset + 2)
        guard marker >= 0xC0, !(0xD0...0xD9).contains(marker), length >= 2, offset + 2 + length <= bytes.count else {
            return nil
        }
        return (marker, offset + 2 + length)
    }
}
