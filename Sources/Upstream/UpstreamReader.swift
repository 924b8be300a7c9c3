import EventLoop
public import Linux
public import Logging
import SharedFrame
import Synchronization

/// A thread that fills one camera's ring from its upstream.
///
/// Of several processes with the same upstream, one pulls; the others sleep until it ends and take over within a
/// millisecond. Whatever the upstream does becomes a state of the ring with its reason; it never ends the thread.
public final class UpstreamReader: Sendable {
    private enum Phase: Sendable {
        case starting
        /// Another process is pulling.
        case standingBy
        case pulling
        case failed(RingError)
        case ended
    }

    private let configuration: UpstreamConfiguration
    private let logger: Logger
    private let stopSignal: LoopSignal
    private let phase = Mutex(Phase.starting)
    private let phaseChanged: EventDescriptor
    /// From ``start()`` to ``stop()``.
    private let thread = Mutex<Thread?>(nil)

    /// Prepares the thread; ``start()`` starts it.
    public init(_ configuration: UpstreamConfiguration, logger: Logger) throws(SystemError) {
        self.configuration = configuration
        self.logger = logger
        stopSignal = try LoopSignal()
        phaseChanged = try EventDescriptor()
    }

    /// Starts the thread and waits until it owns the ring or stands by for its owner.
    ///
    /// - Throws: A ``RingError`` if the ring cannot be taken, for instance because it has another source.
    public func start() throws {
        try thread.withLock { $0 = try Thread("upstream \(configuration.ring.camera)") { [self] in run() } }
        while true {
            phaseChanged.clear()
            switch phase.withLock({ $0 }) {
            case .starting: Poll.wait([phaseChanged.descriptor.number], milliseconds: 100)
            case .failed(let error):
                stop()
                throw error
            case .standingBy, .pulling, .ended: return
            }
        }
    }

    /// Requests the thread to end, without waiting.
    public func requestStop() {
        stopSignal.stop()
    }

    /// Stops the thread, waiting at most a second; the ring's state becomes `stopped`, and the ring is removed.
    ///
    /// A standby thread, which waits for another process's ring, instead sleeps until the process exits or the ring
    /// becomes free, and then returns.
    public func stop() {
        stopSignal.stop()
        guard let thread = thread.withLock({ $0.take() }) else { return }
        let deadline = Instant.now + .seconds(1)
        while .now < deadline {
            phaseChanged.clear()
            switch phase.withLock({ $0 }) {
            case .starting, .pulling: Poll.wait([phaseChanged.descriptor.number], milliseconds: 100)
            case .standingBy: return thread.detach()
            // It is about to return. Libraries free what they keep for a thread when it ends, which OpenSSL cannot do
            // once the process has begun to exit.
            case .failed, .ended: return thread.join()
            }
        }
        thread.detach()
    }

    private func enter(_ new: Phase) {
        phase.withLock { $0 = new }
        phaseChanged.signal()
    }

    private func run() {
        var lastError: RingError?
        while !stopSignal.isStopping {
            do throws(RingError) {
                let publisher = try takeRing()
                guard !stopSignal.isStopping else { break }
                enter(.pulling)
                pull(publisher)
                break
            } catch {
                if case .starting = phase.withLock({ $0 }) { return enter(.failed(error)) }
                if error != lastError { logger.error("camera \(configuration.ring.camera): \(error)") }
                lastError = error
                Poll.wait([stopSignal.event.descriptor.number], milliseconds: 1000)
            }
        }
        enter(.ended)
    }

    /// Waits for this thread's turn and becomes the ring's writer.
    private func takeRing() throws(RingError) -> FramePublisher {
        let source = configuration.source
        while true {
            let began = Instant.now
            do throws(RingError) {
                return try FramePublisher(configuration.ring, slotByteCount: 256 << 10, source: source)
            } catch {
                guard error.kind == .hasWriter else { throw error }
            }
            try FramePublisher.waitForTurn(configuration.ring, source: source) { enter(.standingBy) }
            // If the wait returned at once although there is a writer, something is wrong with the ring: do not spin.
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
