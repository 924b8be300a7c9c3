import Capturing
import TurboJPEG
import Video4Linux

extension SourceCounts {
    init(_ counts: BufferCounts) {
        self.init()
        delivered = counts.dequeued
        flagged = counts.flagged
        empty = counts.empty
        truncated = counts.truncated
        stale = counts.stale
        missed = counts.missed
    }
}

extension RawFormat {
    /// Returns nil if the format is JPEG, or if the encoder does not support it.
    init?(_ format: CaptureFormat) {
        let layouts: [PixelFormat: PixelLayout] = [
            .yuyv: .yuyv, .uyvy: .uyvy, .nv12: .nv12, .yu12: .i420, .grey: .grey, .rgb24: .rgb24, .bgr24: .bgr24,
        ]
        guard let layout = layouts[format.pixelFormat] else { return nil }
        let encoding: ColorEncoding =
            switch format.encoding {
            case .bt601, .other: .bt601
            case .bt709: .bt709
            case .bt2020: .bt2020
            }
        self.init(
            layout: layout, width: format.size.width, height: format.size.height, bytesPerLine: format.bytesPerLine,
            range: format.quantization == .full ? .full : .limited, encoding: encoding)
    }
}
