import TurboJPEG
import Video4Linux

/// How the pixels of an uncompressed picture lie in memory, in the encoder's words.
struct RawFormat: Equatable {
    let layout: PixelLayout
    let width: Int
    let height: Int
    let bytesPerLine: Int
    let range: ColorRange
    let encoding: ColorEncoding

    /// Nil for JPEG and for formats that must be converted first.
    init?(_ format: CaptureFormat) {
        let layouts: [PixelFormat: PixelLayout] = [
            .yuyv: .yuyv, .uyvy: .uyvy, .nv12: .nv12, .yu12: .i420, .grey: .grey, .rgb24: .rgb24, .bgr24: .bgr24,
        ]
        guard let layout = layouts[format.pixelFormat] else { return nil }
        self.layout = layout
        width = format.size.width
        height = format.size.height
        bytesPerLine = format.bytesPerLine
        range = format.quantization == .full ? .full : .limited
        encoding =
            switch format.encoding {
            case .bt601, .other: .bt601
            case .bt709: .bt709
            case .bt2020: .bt2020
            }
    }
}
