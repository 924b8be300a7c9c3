import Curl
import EventLoop
import Linux
import Logging
import Pacing
import SharedFrame

/// One relayed camera.
///
/// It holds what all connections to the camera's upstream share, such as the camera's ring and state.
final class PulledCamera {
    /// The maximum duration of a wait.
    ///
    /// This limit is shorter than the interval at which the ring needs a heartbeat.
    static let maximumWait = Duration.milliseconds(200)
    private static let minimumBeatInterval = Duration.milliseconds(50)
    private static let ratesInterval = Duration.seconds(1)

    let configuration: UpstreamConfiguration
    let publisher: FramePublisher
    let intake: PictureIntake
    /// The transfers of this camera.
    ///
    /// One idle connection is kept open. A second one is not worth keeping, because it is needed only for requesting
    /// the status during a stream.
    let loop = TransferLoop(idleConnectionCount: 1)
    let stop: LoopSignal
    var reporter: StateReporter
    /// The frame rate that the upstream server has requested from its camera, or 0 if it is unknown.
    var framesPerSecondAsked = 0.0 {
        didSet { if framesPerSecondAsked != oldValue { publishRates() } }
    }

    private var demand: Demand
    private var rate = RateMeter()
    private var nextBeat = Instant.distantPast
    private var nextRates = Instant.distantPast
    private var framesPerSecondMeasured = 0.0

    init(_ configuration: UpstreamConfiguration, _ publisher: FramePublisher, stop: LoopSignal, logger: Logger) {
        self.configuration = configuration
        self.publisher = publisher
        self.stop = stop
        intake = PictureIntake(publisher)
        demand = Demand(configuration)
        let log = ProblemLog(logger, camera: configuration.ring.camera, upstream: configuration.address)
        reporter = StateReporter(
            publisher, upstream: configuration.address, log: log, ringLog: RingLog(logger, ring: configuration.ring))
    }

    /// Returns whether somebody is watching, or was watching until recently.
    func isWanted() -> Bool { demand.isPresent(publisher) }

    /// Counts a frame for the measured frame rate.
    func countFrame() { rate.add(.now) }

    /// Calls ``beat()`` if the last call was long enough ago.
    func beatIfDue() {
        if .now >= nextBeat { beat() }
    }

    /// Writes the ring's heartbeat and does other periodic work.
    ///
    /// Must be called after every wait.
    func beat() {
        nextBeat = .now + Self.minimumBeatInterval
        // An error is also the publisher's ``FramePublisher/namingProblem``, which lasts until the next check.
        try? publisher.heartbeat()
        reporter.ring(publisher.namingProblem)
        reporter.update()
        let now = Instant.now
        if now >= nextRates {
            nextRates = now + Self.ratesInterval
            framesPerSecondMeasured = rate.rate(at: now)
            publishRates()
        }
    }

    private func publishRates() {
        publisher.setRates(asked: framesPerSecondAsked, measured: framesPerSecondMeasured)
    }
}
