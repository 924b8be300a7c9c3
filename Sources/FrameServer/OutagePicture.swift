import Cameras
import Drawing
import Linux
import Names
import SharedFrame
import TurboJPEG

/// The picture that viewers see during an outage.
enum OutagePicture {
    /// The size of the picture in pixels if the camera has not delivered a frame yet, or reports an unusable size.
    static let defaultSize = (width: 1280, height: 720)

    /// Returns a JPEG with a text that describes the outage; nil if the picture cannot be encoded.
    ///
    /// The picture is as large as the camera's last frame. If `wanted` is a smaller width, the picture has that width
    /// and the same aspect ratio.
    static func draw(
        _ outage: Outage, camera: CameraName, _ status: RingStatus?, _ wanted: PictureWidth
    ) -> [UInt8]? {
        var (width, height) = (status?.width ?? 0, status?.height ?? 0)
        if let newest = status?.newest { (width, height) = (newest.width, newest.height) }
        // The size comes from another process, so accept only sizes up to 8K.
        if width < 1 || height < 1 || width > 7680 || height > 4320 { (width, height) = defaultSize }
        if case .atLeast(let maximum) = wanted, width > maximum {
            (width, height) = (maximum, max(1, height * maximum / width))
        }
        let canvas = StatusPicture.draw(
            width: width, height: height, camera: camera.text, title: title(outage.state), message: outage.message)
        do throws(TurboJPEGError) {
            var encoder = try JPEGEncoder()
            var jpeg = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: width, height: height))
            let count = try jpeg.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try encoder.encode(
                    luma: canvas.luma.span, blueDifference: canvas.blueDifference.span,
                    redDifference: canvas.redDifference.span, width: width, height: height, into: &output)
            }
            jpeg.removeLast(jpeg.count - count)
            return jpeg
        } catch {
            return nil
        }
    }

    private static func title(_ state: String) -> String {
        switch state {
        case CameraState.waiting.name: "Waiting for the camera"
        case CameraState.noSignal.name: "No signal"
        case CameraState.stalled.name: "No pictures"
        case CameraState.stopped.name: "Camera is off"
        case CameraState.error.name: "Camera error"
        default: "No picture"
        }
    }
}
