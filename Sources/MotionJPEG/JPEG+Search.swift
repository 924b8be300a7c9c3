extension JPEG {
    /// Finds the first whole picture in a buffer, which may begin with a truncated picture or an extra start marker.
    ///
    /// A driver that loses the end of a picture may append the next picture to it. The search makes no more than one
    /// pass over the buffer, and does not mistake thumbnails inside a picture for pictures. The bytes need not contain
    /// a valid JPEG.
    ///
    /// - Parameters:
    ///   - bytes: The buffer.
    ///   - isTruncationAllowed: Whether to accept the first picture that has a scan but no end marker, if no picture is
    ///     whole.
    /// - Returns: The offset where the picture begins, and the result of `inspect` for the bytes from that offset.
    /// - Throws: The defect of the first picture, if there is no acceptable one.
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

    /// Returns the offset of the next start marker in a defective picture.
    ///
    /// Returns nil if the picture has a defect other than an unexpected start marker.
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
