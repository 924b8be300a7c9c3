/// The properties of a JPEG that its markers reveal.
public struct JPEGInfo: Sendable, Equatable {
    /// The width of the displayed picture in pixels, 1 to 65535.
    ///
    /// The Exif orientation may swap the width and height of the stored picture.
    public var width: Int

    /// The height of the displayed picture in pixels, 1 to 65535.
    public var height: Int

    /// How the stored picture must be rotated or mirrored before it is displayed.
    public var orientation = ExifOrientation.upright

    /// The number of bytes from the start marker through the end marker.
    public var byteCount: Int

    /// The offset at which the standard Huffman tables must be inserted, or nil if the picture has its own.
    public var huffmanTablesOffset: Int?

    public init(width: Int, height: Int, byteCount: Int, huffmanTablesOffset: Int? = nil) {
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.huffmanTablesOffset = huffmanTablesOffset
    }

    /// Returns a copy with the given orientation and the displayed size; `self` must have the stored size.
    func shown(_ orientation: ExifOrientation) -> JPEGInfo {
        var info = self
        info.orientation = orientation
        if orientation.swapsSides { (info.width, info.height) = (height, width) }
        return info
    }

    /// The size of the picture in bytes after any missing Huffman tables were inserted.
    public var repairedByteCount: Int {
        byteCount + (huffmanTablesOffset == nil ? 0 : JPEG.standardHuffmanTables.count)
    }
}
