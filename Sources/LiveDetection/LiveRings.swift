import Detection
import Events
import Linux
import MotionJPEG
import Names
import SharedFrame

/// The two rings of a camera that the detector writes.
///
/// One ring contains the camera's JPEGs with the results inside. The other ring contains the same pictures with the
/// results drawn on them. Only one thread may use an object of this class.
final class LiveRings {
    /// The size of each slot of a new ring, in bytes; the slots grow when the first frame arrives.
    private static let slotByteCount = 4096

    private let detect: FramePublisher
    private let drawn: FramePublisher

    /// Creates the rings, or takes over those that a dead detector has left.
    init(prefix: SystemPrefix, camera: CameraName) throws(RingError) {
        func publisher(_ kind: RingName.Kind) throws(RingError) -> FramePublisher {
            let source = SourceDescription(kind: "detector", device: "", name: "detect-fcgi", format: "MJPG")
            return try FramePublisher(
                RingName(prefix: prefix, camera: camera, kind: kind), slotByteCount: Self.slotByteCount, source: source)
        }
        detect = try publisher(.detect)
        drawn = try publisher(.drawn)
        setState(.idle, reason: "")
    }

    /// Whether somebody watches the results.
    var isWatched: Bool { detect.isWatched || drawn.isWatched }

    /// Waits until somebody watches the results, for at most 250 ms.
    func waitForViewers() {
        _ = drawn.isWatched ? true : detect.waitForInterest(timeout: FramePublisher.heartbeatInterval)
    }

    func heartbeat() throws(RingError) {
        try detect.heartbeat()
        try drawn.heartbeat()
    }

    func setState(_ state: CameraState, reason: String) {
        detect.setState(state, reason: reason)
        drawn.setState(state, reason: reason)
    }

    /// Sets the frame rate and the clock of the pictures, as the camera's ring reports them.
    func setSource(of status: RingStatus) {
        for ring in [detect, drawn] {
            ring.setRates(asked: status.framesPerSecondAsked, measured: status.framesPerSecondMeasured)
            ring.setClockOffset(nanoseconds: status.clockOffset)
        }
    }

    /// Publishes a frame with its results, and the picture with drawn results if somebody watches the ring `drawn`.
    ///
    /// A picture that cannot be decoded is published without boxes.
    func publish(_ frame: Frame, _ result: FrameResult) throws(RingError) {
        let description = frame.description
        let flags: FrameFlags = result.look == .exact ? [.results, .exact] : [.results]
        let jpeg = result.embedded(in: frame.bytes)
        try jpeg.withRawSpan { (bytes) throws(RingError) in
            _ = try detect.publish(
                bytes, capture: description.capture, width: description.width, height: description.height,
                number: description.number, flags: flags)
        }
        guard drawn.isWatched else { return }
        let began = Clock.monotonic
        let picture = try? frame.bytes.withRawSpan { (bytes) throws(DetectionError) in
            try Overlay.draw(result.objects.map { Prediction($0) }, on: bytes)
        }
        drawn.countEncode(nanoseconds: Clock.monotonic - began)
        try (picture ?? frame.bytes).withRawSpan { (bytes) throws(RingError) in
            _ = try drawn.publish(
                bytes, capture: description.capture, width: description.width, height: description.height,
                number: description.number, flags: picture == nil ? flags : flags.union(.drawn))
        }
    }

    func stop(reason: String) {
        detect.stop(reason: reason)
        drawn.stop(reason: reason)
    }
}

extension Prediction {
    /// An object in the form in which it is drawn.
    fileprivate init(_ object: FrameObject) {
        self.init(
            classID: object.classID, label: object.label, confidence: Float(object.score), box: Box(object.box))
    }
}
