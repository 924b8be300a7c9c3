/// Inspects JPEGs without decoding them.
public enum JPEG {
    /// Walks the markers of the picture at the start of `bytes` and finds its end.
    ///
    /// Everything after the end marker is ignored, whether it is padding or another picture. The uvcvideo driver puts
    /// two pictures into one buffer, without setting an error flag, when a camera's end-of-frame bit is lost. The
    /// driver reports the time of the first picture, so the first picture is used. If the first picture is truncated
    /// and another begins within it, this throws `truncated`.
    ///
    /// The bytes need not be a valid JPEG.
    ///
    /// - Parameters:
    ///   - bytes: The picture, possibly followed by padding.
    ///   - isTruncationAllowed: Whether to accept a picture that has a scan but no end marker. Zeros at the end of such
    ///     a picture do not count as part of it.
    /// - Returns: The picture's size in pixels and bytes, and whether it lacks Huffman tables.
    /// - Throws: The first defect that makes the picture unusable.
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

    /// Writes the picture that `info` describes to `output`, with the standard Huffman tables if the picture has none.
    ///
    /// - Parameters:
    ///   - bytes: The bytes that were passed to `inspect`.
    ///   - info: The result of `inspect`.
    ///   - output: The destination, which must have at least `info.repairedByteCount` bytes.
    /// - Returns: The number of bytes written, which is `info.repairedByteCount`.
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
