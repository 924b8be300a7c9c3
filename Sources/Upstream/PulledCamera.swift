import Linux
import Logging
import SharedFrame

/// What all connections to one camera's upstream share: its ring, who wants it, and what is told of it.
final class PulledCamera {
    /// The ring's heartbeat goes on whatever is waited for: no wait is longer than this.
    static let longestWaitMilliseconds = 200

    let configuration: UpstreamConfiguration
    let publisher: FramePublisher
    let intake: PictureIntake
    let loop = TransferLoop()
    let stop: StopSignal
    var reporter: StateReporter
    /// Frames per second that the upstream asked its camera for; 0 where it does not say.
    var framesPerSecondAsked = 0.0 {
        didSet { if framesPerSecondAsked != oldValue { tellRates() } }
    }

    private var demand: Demand
    private var rate = FrameRate(now: Clock.monotonic)
    private var framesPerSecondMeasured = 0.0

    init(_ configuration: UpstreamConfiguration, _ publisher: FramePublisher, stop: StopSignal, logger: Logger) {
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
    func countFrame() { rate.count() }

    /// What is to be done after every wait.
    func beat() {
        do throws(RingError) {
            try publisher.heartbeat()
        } catch {
            reporter.problem(.ring("\(error)"))
        }
        reporter.update()
        if let measured = rate.measure(now: Clock.monotonic) {
            framesPerSecondMeasured = measured
            tellRates()
        }
    }

    private func tellRates() {
        publisher.setRates(asked: framesPerSecondAsked, measured: framesPerSecondMeasured)
    }
}
