import Capturing
import Linux
import SharedFrame
import Video4Linux

/// Publishes pictures of formats that the encoder does not know: converts them first.
final class PictureConverter {
    private let converter: FormatConverter
    /// Reused from picture to picture.
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
