import Detection
import Linux
import SharedFrame
import Tracking
import TurboJPEG

// Decoding frames.
extension LiveCameraWork {
    func size(of frame: Frame) -> PictureSize? {
        let size = frame.bytes.withRawSpan { bytes in
            try? withDecoder { (decoder) throws(TurboJPEGError) in try decoder.size(of: bytes) }
        }
        return size.map { PictureSize(width: $0.width, height: $0.height) }
    }

    /// Returns the small grey picture of a frame; nil if the frame cannot be decoded.
    func greyPicture(of frame: Frame) -> GreyPicture? {
        let picture = frame.bytes.withRawSpan { bytes -> JPEGDecoder.Picture? in
            guard PictureLimits.allows(bytes) else { return nil }
            return try? withDecoder { (decoder) throws(TurboJPEGError) in
                try decoder.decode(bytes, to: .grey, scale: .eighth)
            }
        }
        return picture.flatMap { GreyPicture(width: $0.width, height: $0.height, pixels: $0.pixels) }
    }

    private func withDecoder<Value>(
        _ body: (borrowing JPEGDecoder) throws(TurboJPEGError) -> Value
    ) throws(TurboJPEGError) -> Value {
        let decoder: JPEGDecoder
        if let kept = self.decoder.take() { decoder = kept } else { decoder = try JPEGDecoder() }
        let value = try body(decoder)
        self.decoder = consume decoder
        return value
    }
}
