import Capturing
import Linux
import SharedFrame
import Video4Linux

/// Converts pictures in formats that the JPEG encoder does not support, and publishes them.
final class PictureConverter {
    private let converter: FormatConverter
    /// The buffer for the converted picture, which is reused for every picture.
    private var planes: [UInt8]

    init(_ camera: Camera, _ format: CaptureFormat) throws(CameraError) {
        converter = try FormatConverter(format, name: "\(camera.path)")
        planes = [UInt8](repeating: 0, count: converter.output.imageByteCount)
    }

    func convert(_ bytes: RawSpan, _ capture: CaptureTime, to pipeline: FramePipeline) throws(SourceError) {
        do throws(CameraError) {
            try planes.withMutableRawSpan { (output) throws(CameraError) in
                try converter.convert(bytes, into: &output)
            }
        } catch {
            pipeline.refuse(.encoder, error.description)
            return
        }
        guard let format = RawFormat(converter.output) else { return }
        try planes.withRawSpan { (span) throws(SourceError) in
            _ = try pipeline.publish(pixels: span, format, capture)
        }
    }
}
