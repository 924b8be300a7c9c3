/// What the markers of a JPEG tell of it.
public struct JPEGInfo: Sendable, Equatable {
    /// Pixels per line, 1 to 65535.
    public var width: Int

    /// Lines, 1 to 65535.
    public var height: Int

    /// Bytes from the start marker through the end marker; what stands behind is padding.
    public var byteCount: Int

    /// Where the standard Huffman tables must be inserted, or nil when the picture has tables of its own.
    public var huffmanTablesOffset: Int?

    public init(width: Int, height: Int, byteCount: Int, huffmanTablesOffset: Int? = nil) {
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.huffmanTablesOffset = huffmanTablesOffset
    }

    /// Bytes of the picture with its Huffman tables.
    public var repairedByteCount: Int {
        byteCount + (huffmanTablesOffset == nil ? 0 : JPEG.standardHuffmanTables.count)
    }
}
