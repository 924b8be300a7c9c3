import Detection
import Events
import Linux
import MotionJPEG
import Names
import SharedFrame
import Tracking

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

    /// Waits until somebody watches the results, for at most `timeout`.
    ///
    /// A viewer of drawn results is noticed only at the end of `timeout`.
    func waitForViewers(timeout: Duration) {
        _ = drawn.isWatched ? true : detect.waitForInterest(timeout: timeout)
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

    /// The number of the newest frame in the rings.
    var newestNumber: UInt64 { detect.newestNumber }

    /// Returns the number that a camera's frame will have in the rings.
    ///
    /// This is the frame's own number, unless the camera's numbers have decreased.
    func number(for frame: FrameDescription) -> UInt64 { detect.number(for: frame.number) }

    /// Publishes a frame with its results, and draws them if somebody watches that.
    ///
    /// - Returns: Why the frame with drawn results could not be published; nil if it was, or if nobody watches it.
    /// - Throws: If the frame with the results inside could not be published.
    func publish(_ frame: Frame, _ result: FrameResult) throws(RingError) -> RingError? {
        let flags: FrameFlags = result.look == .exact ? [.results, .exact] : [.results]
        try publish(result.embedded(in: frame.bytes), of: frame.description, result.number, flags, in: detect)
        guard drawn.isWatched else { return nil }
        do throws(RingError) {
            let (picture, isDrawn) = draw(result, on: frame)
            try publish(picture, of: frame.description, result.number, isDrawn ? flags.union(.drawn) : flags, in: drawn)
            return nil
        } catch {
            return error
        }
    }

    private func publish(
        _ jpeg: [UInt8], of frame: FrameDescription, _ number: UInt64, _ flags: FrameFlags, in ring: FramePublisher
    ) throws(RingError) {
        try jpeg.withRawSpan { (bytes) throws(RingError) in
            _ = try ring.publish(
                bytes, capture: frame.capture, width: frame.width, height: frame.height, number: number, flags: flags)
        }
    }

    /// Returns a picture with the results drawn on it, and whether this was possible.
    ///
    /// A picture without objects is not decoded and encoded again, because nothing is drawn on it. A picture that is
    /// damaged or very large is returned unchanged.
    private func draw(_ result: FrameResult, on frame: Frame) -> (picture: [UInt8], isDrawn: Bool) {
        guard !result.objects.isEmpty else { return (frame.bytes, true) }
        let began = Clock.monotonic
        let picture = frame.bytes.withRawSpan { bytes -> [UInt8]? in
            let isPossible =
                PictureLimits.allows(bytes) && Overlay.isPossible(width: result.size.width, height: result.size.height)
            return isPossible ? try? Overlay.draw(result.objects.map { Prediction($0) }, on: bytes) : nil
        }
        drawn.countEncode(nanoseconds: Clock.monotonic - began)
        return (picture ?? frame.bytes, picture != nil)
    }

    func stop(reason: String) {
        detect.stop(reason: reason)
        drawn.stop(reason: reason)
    }
}

extension Prediction {
    /// An object in the form in which it is drawn.
    init(_ object: FrameObject) {
        self.init(
            classID: object.classID, label: object.label, confidence: Float(object.score), box: Box(object.box))
    }
}

extension CameraState {
    /// The state that a detector's ring gets if the camera's ring has this state and no frames arrive.
    var withLiveWriter: CameraState {
        switch self {
        case .live, .stalled: .stalled
        case .idle, .waiting, .stopped: .waiting
        case .noSignal: .noSignal
        case .error: .error
        }
    }
}
