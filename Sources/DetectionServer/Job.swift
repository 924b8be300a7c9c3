import Detection
import Names
import SharedFrame

/// A job for the inference thread.
struct Job: Sendable {
    enum Task: Sendable {
        /// Detect objects in the camera's newest frame at the time the job runs.
        case newest(CameraName, FrameSubscriber)
        /// Detect objects in a frame.
        case frame(CameraName, Frame)
        /// Detect objects in an uploaded picture.
        case picture([UInt8])
        /// Draw boxes on a picture.
        case overlay([UInt8], [Prediction])
    }

    enum Outcome: Sendable {
        /// The camera and frame are nil for an uploaded picture.
        case detected(Detection, [UInt8], camera: CameraName?, FrameDescription?)
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
