import Detection
import Names
import SharedFrame

/// A job for the inference thread.
struct Job: Sendable {
    enum Task: Sendable {
        /// Detect objects in the frame that is the camera's newest one when the job runs.
        case newest(CameraName, FrameSubscriber)
        /// Detect objects in a specific frame.
        case frame(CameraName, Frame)
        /// Detect objects in an uploaded picture.
        case picture([UInt8])
        /// Draw boxes on a picture.
        case overlay([UInt8], [Prediction])
    }

    enum Outcome: Sendable {
        /// The result and the JPEG in which objects were detected. The camera and the frame are nil for an upload.
        case detected(Detection, [UInt8], camera: CameraName?, FrameDescription?)
        /// The JPEG with boxes.
        case drawn([UInt8])
        /// The camera had no frame.
        case noFrame
        case failed(DetectionError)
        /// The detector is not available.
        case unavailable(DetectionError)
    }

    let id: UInt64
    let task: Task
}
