/// Inspects JPEGs without decoding them.
public enum JPEG {
    /// Walks the markers of the picture at the start of `bytes` and finds its end.
    ///
    /// Everything after the end marker is ignored: padding, and further pictures that a driver has merged with the
    /// first (uvcvideo does so, unflagged, when a camera's end-of-frame bit is lost). Of merged pictures, the first
    /// whole one is used, since the driver reports its time. If the first is truncated and another begins in it, the
    /// buffer is rejected as `truncated`: no picture in it is known to be whole.
    ///
    /// Any bytes are safe to pass.
    ///
    /// - Parameters:
    ///   - bytes: The picture, possibly followed by padding.
    ///   - isTruncationAllowed: Whether to accept a picture that has a scan but no end marker. Trailing zeros are
    ///     dropped.
    /// - Returns: Its size in pixels and bytes, and whether it lacks Huffman tables.
    /// - Throws: The first defect that makes it unusable.
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
        let orientation = ExifOrientation(of: bytes)
        if let end { return walk.info(byteCount: end).shown(orientation) }
        guard isTruncationAllowed, defect == .truncated else { throw defect }
        var length = walk.interruption ?? bytes.count
        while length > 0, bytes[length - 1] == 0 { length -= 1 }
        return walk.info(byteCount: length).shown(orientation)
    }

    /// Writes the picture described by `info` to `output`, adding the standard Huffman tables if it has none.
    ///
    /// - Parameters:
    ///   - bytes: The bytes that were inspected.
    ///   - info: The result of `inspect`.
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
