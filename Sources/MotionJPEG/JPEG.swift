/// Looking at JPEGs without decoding them.
public enum JPEG {
    /// Walks the markers of the picture at the start of `bytes` and finds its end.
    ///
    /// Whatever stands behind the end marker is not counted: padding, and further pictures that a driver has run
    /// together with the first (uvcvideo does, unflagged, when a camera's end-of-frame bit is lost). So of merged
    /// pictures the first whole one is taken, which is the one whose time the driver reports. When the first is cut
    /// and another begins in it, the buffer is refused as `truncated`: nothing in it is known to be whole.
    ///
    /// Any bytes whatever are safe to pass.
    ///
    /// - Parameters:
    ///   - bytes: The picture, and possibly padding.
    ///   - isTruncationAllowed: Takes a picture that has a scan but no end marker. Zeros at its end are left out.
    /// - Returns: Its size in pixels and bytes, and whether it lacks Huffman tables.
    /// - Throws: The first defect that makes it unfit to be shown.
    public static func inspect(_ bytes: RawSpan, isTruncationAllowed: Bool = false) throws(JPEGDefect) -> JPEGInfo {
        let bytes = Span<UInt8>(_bytes: bytes)
        guard bytes.count > 0 else { throw .empty }
        var walk = JPEGWalk()
        var end: Int?
        var defect: JPEGDefect
        do throws(JPEGDefect) {
            end = try walk.advance(bytes)
            defect = walk.defectAtEnd
        } catch {
            defect = error
        }
        if let end { return walk.info(byteCount: end) }
        guard isTruncationAllowed, defect == .truncated else { throw defect }
        var length = walk.interruption ?? bytes.count
        while length > 0, bytes[length - 1] == 0 { length -= 1 }
        return walk.info(byteCount: length)
    }

    /// Writes the picture that `info` describes into `output`, with the standard Huffman tables where it has none.
    ///
    /// - Parameters:
    ///   - bytes: The bytes that were inspected.
    ///   - info: What `inspect` said of them.
    ///   - output: At least `info.repairedByteCount` bytes.
    /// - Returns: The number of bytes written, `info.repairedByteCount`.
    public static func write(_ bytes: RawSpan, _ info: JPEGInfo, into output: inout MutableRawSpan) -> Int {
        let bytes = Span<UInt8>(_bytes: bytes).extracting(0..<info.byteCount)
        guard let offset = info.huffmanTablesOffset else {
            output.copy(bytes, to: 0)
            return bytes.count
        }
        let tables = standardHuffmanTables
        output.copy(bytes.extracting(0..<offset), to: 0)
        output.copy(tables.span, to: offset)
        output.copy(bytes.extracting(offset..<bytes.count), to: offset + tables.count)
        return info.repairedByteCount
    }
}
