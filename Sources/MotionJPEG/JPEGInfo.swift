/// The properties of a JPEG that its markers reveal.
public struct JPEGInfo: Sendable, Equatable {
    /// Pixels per line as the picture is shown, 1 to 65535: its Exif orientation may swap width and height.
    public var width: Int

    /// Lines as the picture is shown, 1 to 65535.
    public var height: Int

    /// How the stored picture must be turned to be shown.
    public var orientation = ExifOrientation.upright

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

    /// The same picture with the size in which it is shown; `self` has the stored size.
    func shown(_ orientation: ExifOrientation) -> JPEGInfo {
        var info = self
        info.orientation = orientation
        if orientation.swapsSides { (info.width, info.height) = (height, width) }
        return info
    }

    /// The number of bytes of the picture including Huffman tables.
    public var repairedByteCount: Int {
        byteCount + (huffmanTablesOffset == nil ? 0 : JPEG.standardHuffmanTables.count)
    }
}
