public import TurboJPEG

/// The memory layout and the colours of an uncompressed picture, as the JPEG encoder needs them.
public struct RawFormat: Equatable, Sendable {
    public let layout: PixelLayout
    public let width: Int
    public let height: Int
    public let bytesPerLine: Int
    public let range: ColorRange
    public let encoding: ColorEncoding

    public init(
        layout: PixelLayout, width: Int, height: Int, bytesPerLine: Int, range: ColorRange = .full,
        encoding: ColorEncoding = .bt601
    ) {
        self.layout = layout
        self.width = width
        self.height = height
        self.bytesPerLine = bytesPerLine
        self.range = range
        self.encoding = encoding
    }
}
