/// The properties of a JPEG that its markers reveal.
public struct JPEGInfo: Sendable, Equatable {
    /// Pixels per line, 1 to 65535.
    public var width: Int

    /// Lines, 1 to 65535.
    public var height: Int

    /// The number of bytes from the start marker through the end marker.
    public var byteCount: Int

    /// Where the standard Huffman tables must be inserted, or nil if the picture has its own.
    public var huffmanTablesOffset: Int?

    public init(width: Int, height: Int, byteCount: Int, huffmanTablesOffset: Int? = nil) {
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.huffmanTablesOffset = huffmanTablesOffset
    }

    /// The number of bytes of the picture including Huffman tables.
    public var repairedByteCount: Int {
        byteCount + (huffmanTablesOffset == nil ? 0 : JPEG.standardHuffmanTables.count)
    }
}
