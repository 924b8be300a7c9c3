extension JPEG {
    /// Finds the first whole picture in a buffer that may begin with a truncated one, or with a second start marker.
    ///
    /// A driver that loses the end of a picture may put the next one behind it. It costs no more than one pass over
    /// the buffer, and thumbnails inside a picture are not taken for pictures. Any bytes are safe to pass.
    ///
    /// - Parameters:
    ///   - bytes: The buffer.
    ///   - isTruncationAllowed: If no picture is whole, accepts the first one that has a scan but no end marker.
    /// - Returns: Where the picture begins, and its description as `inspect` returns it for the bytes from there on.
    /// - Throws: The defect of the first picture.
    public static func locate(
        _ bytes: RawSpan, isTruncationAllowed: Bool = false
    ) throws(JPEGDefect) -> (offset: Int, info: JPEGInfo) {
        var offset = 0
        var firstDefect: JPEGDefect?
        var truncatedOffset: Int?
        while true {
            let rest = bytes.extracting(offset..<bytes.byteCount)
            let defect: JPEGDefect
            var next: Int?
            do throws(JPEGDefect) {
                return (offset, try inspect(rest))
            } catch {
                defect = error
                next = nextStart(in: Span<UInt8>(_bytes: rest))
            }
            firstDefect = firstDefect ?? defect
            if defect == .truncated, truncatedOffset == nil { truncatedOffset = offset }
            guard let next else { break }
            offset += next
        }
        if isTruncationAllowed, let offset = truncatedOffset {
            let rest = bytes.extracting(offset..<bytes.byteCount)
            return (offset, try inspect(rest, isTruncationAllowed: true))
        }
        throw firstDefect ?? .empty
    }

    /// Where the walk along a defective picture meets another start marker; nil if it does not.
    private static func nextStart(in bytes: Span<UInt8>) -> Int? {
        var walk = JPEGWalk()
        do throws(JPEGDefect) {
            _ = try walk.advance(bytes)
            return nil
        } catch {
            let position = walk.position
            guard position > 0, position + 1 < bytes.count, bytes[position] == 0xFF, bytes[position + 1] == 0xD8 else {
                return nil
            }
            return position
        }
    }
}
