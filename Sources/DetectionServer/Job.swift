import Detection
import Names
import SharedFrame

/// One piece of work for the inference thread.
struct Job: Sendable {
    /// What is to be done.
    enum Task: Sendable {
        /// Look at the camera's newest frame, whichever that is when the turn has come.
        case newest(CameraName, FrameSubscriber)
        /// Look at a frame.
        case frame(CameraName, Frame)
        /// Look at a picture that came with the request.
        case picture([UInt8])
        /// Draw on a picture.
        case overlay([UInt8], [Prediction])
    }

    /// What came of it.
    enum Outcome: Sendable {
        /// Of a frame of a camera, or of a picture without one.
        case detected(Detection, [UInt8], camera: CameraName?, FrameDescription?)
        case drawn([UInt8])
        /// The camera had no frame.
        case noFrame
        case failed(DetectionError)
        /// Nothing can be detected at all.
        case unavailable(DetectionError)
    }

    let id: UInt64
    let task: Task
}
