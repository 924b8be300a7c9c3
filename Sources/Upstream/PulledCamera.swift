import Curl
import EventLoop
import Linux
import Logging
import Pacing
import SharedFrame

/// What all connections to one camera's upstream share: its ring, its demand and its state.
final class PulledCamera {
    /// No wait is longer than this, so that the ring's heartbeat goes on.
    static let longestWait = Duration.milliseconds(200)
    private static let shortestBeatInterval = Duration.milliseconds(50)
    private static let ratesInterval = Duration.seconds(1)

    let configuration: UpstreamConfiguration
    let publisher: FramePublisher
    let intake: PictureIntake
    /// A camera has one connection, except for the moment of a status request beside its stream.
    let loop = TransferLoop(idleConnectionCount: 1)
    let stop: LoopSignal
    var reporter: StateReporter
    /// Frames per second that the upstream asked its camera for; 0 where it does not say.
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
        reporter = StateReporter(publisher, upstream: configuration.address, log: log)
    }

    /// Whether somebody watches, or did a moment ago.
    func isWanted() -> Bool { demand.isThere(publisher) }

    /// Counts a frame.
    func countFrame() { rate.add(.now) }

    /// Does what ``beat()`` does if the last one was some time ago.
    func beatIfDue() {
        if .now >= nextBeat { beat() }
    }

    /// Writes the heartbeat and what else is due; to be called after every wait.
    func beat() {
        nextBeat = .now + Self.shortestBeatInterval
        do throws(RingError) {
            try publisher.heartbeat()
        } catch {
            reporter.problem(.ring("\(error)"))
        }
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
