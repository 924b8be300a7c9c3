import EventLoop
public import Linux
public import Logging
import SharedFrame
import Synchronization

/// A thread that reads one camera's pictures from its upstream and publishes them in the camera's ring.
///
/// If several processes have the same upstream, only one of them connects to it. The others sleep until that process
/// exits. Then one of them takes over within a millisecond. If the upstream fails, the thread writes the camera's
/// state and the reason to the ring, and continues. If the ring cannot be written, the thread tries again every second,
/// and ``WriterProblems`` contains the reason meanwhile.
public final class UpstreamReader: Sendable {
    private enum Phase: Sendable {
        case starting
        /// Another process writes the ring, and this thread waits for it to exit.
        case standingBy
        /// This thread writes the ring.
        case pulling
        /// The ring cannot be written, and this thread tries again until it can.
        case blocked
        case ended
    }

    /// The pause after an attempt to become the ring's writer has failed.
    private static let retryMilliseconds = 1000

    private let configuration: UpstreamConfiguration
    private let logger: Logger
    private let stopSignal: LoopSignal
    private let phase = Mutex(Phase.starting)
    private let phaseChanged: EventDescriptor
    /// The thread; nil before ``start()`` and after ``stop()``.
    private let thread = Mutex<Thread?>(nil)

    /// Creates a reader, whose thread is not started yet.
    public init(_ configuration: UpstreamConfiguration, logger: Logger) throws(SystemError) {
        self.configuration = configuration
        self.logger = logger
        stopSignal = try LoopSignal()
        phaseChanged = try EventDescriptor()
    }

    /// Starts the thread, and waits until it writes the ring, waits for the process that writes it, or has reported
    /// why it cannot write it.
    ///
    /// - Throws: If the thread cannot be started.
    public func start() throws(SystemError) {
        try thread.withLock { (thread) throws(SystemError) in
            thread = try Thread("upstream \(configuration.ring.camera)") { [self] in run() }
        }
        while true {
            phaseChanged.clear()
            switch phase.withLock({ $0 }) {
            case .starting: Poll.wait([phaseChanged.descriptor.number], milliseconds: 100)
            case .standingBy, .pulling, .blocked, .ended: return
            }
        }
    }

    /// Tells the thread to stop, without waiting until it has stopped.
    public func requestStop() {
        stopSignal.stop()
    }

    /// Stops the thread, and waits for at most a second until it has removed the ring.
    ///
    /// If the thread is waiting for another process's ring, it cannot be woken. This function then returns immediately,
    /// and the thread sleeps until the ring becomes free or this process exits.
    public func stop() {
        stopSignal.stop()
        guard let thread = thread.withLock({ $0.take() }) else { return }
        let deadline = Instant.now + .seconds(1)
        while .now < deadline {
            phaseChanged.clear()
            switch phase.withLock({ $0 }) {
            case .starting, .pulling, .blocked: Poll.wait([phaseChanged.descriptor.number], milliseconds: 100)
            case .standingBy: return thread.detach()
            // The thread is about to return. This function waits for that, because libraries free their data about a
            // thread when it exits, and OpenSSL cannot do so after the process has begun to exit.
            case .ended: return thread.join()
            }
        }
        thread.detach()
    }

    private func enter(_ new: Phase) {
        phase.withLock { $0 = new }
        phaseChanged.signal()
    }

    private func run() {
        var log = RingLog(logger, ring: configuration.ring)
        while !stopSignal.isStopping {
            do throws(RingError) {
                let publisher = try takeRing(&log)
                report(nil, &log)
                guard !stopSignal.isStopping else { break }
                enter(.pulling)
                pull(publisher)
                break
            } catch {
                // This camera's problem must not affect the other cameras of this process.
                report(error, &log)
                enter(.blocked)
                Poll.wait([stopSignal.event.descriptor.number], milliseconds: Self.retryMilliseconds)
            }
        }
        // The problem may persist, so the log must not say that it is over.
        if log.current != nil { WriterProblems.shared.set(nil, for: configuration.ring) }
        enter(.ended)
    }

    /// Reports why the ring cannot be written, in the log and to the readers in this process; nil means that it can.
    private func report(_ problem: RingError?, _ log: inout RingLog) {
        if log.set(problem) { WriterProblems.shared.set(problem?.description, for: configuration.ring) }
    }

    /// Waits until the ring has no other writer, and becomes its writer.
    private func takeRing(_ log: inout RingLog) throws(RingError) -> FramePublisher {
        let source = configuration.source
        while true {
            let began = Instant.now
            do throws(RingError) {
                return try FramePublisher(configuration.ring, slotByteCount: 256 << 10, source: source)
            } catch {
                guard error.kind == .hasWriter else { throw error }
            }
            try FramePublisher.waitForTurn(configuration.ring, source: source) {
                report(nil, &log)
                enter(.standingBy)
            }
            // If the wait has returned immediately although there is a writer, something is wrong with the ring. A
            // pause then prevents a busy loop.
            if .now - began < .milliseconds(1) {
                Poll.wait([stopSignal.event.descriptor.number], milliseconds: 10)
            }
        }
    }

    private func pull(_ publisher: FramePublisher) {
        let camera = PulledCamera(configuration, publisher, stop: stopSignal, logger: logger)
        Puller(camera).run()
        publisher.stop(reason: "The relay has stopped.")
    }
}
