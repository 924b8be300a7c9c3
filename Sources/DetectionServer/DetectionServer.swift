import Daemon
public import EventLoop
import Glibc
public import Linux
import Service

/// A detection worker, the body of detect-fcgi.
///
/// Create and run it on one thread, before the process starts any other.
public final class DetectionServer {
    private let application: DetectionApplication
    private let worker: Worker

    /// Stops the server from another thread.
    public let stopper: LoopSignal

    /// Creates a worker on the listening socket at descriptor 0; SIGTERM, SIGINT, SIGHUP and SIGUSR1 stop it.
    ///
    /// Throws a `Failure` with status 64 if there is no listening socket. A missing model or runtime is not an error
    /// here: it is reported to clients.
    public convenience init(_ configuration: DetectionServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Creates a worker on a non-blocking listening socket; without `signals` only its stopper stops it.
    public init(
        _ configuration: DetectionServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil
    ) throws {
        let loop = try EventLoop()
        application = try DetectionApplication(configuration, loop)
        worker = try Worker(
            configuration.worker, listener: listener, signals: signals, loop: loop, application: application)
        stopper = loop.signal
    }

    /// Serves until a signal or the stopper stops it.
    public func run() throws(SystemError) {
        let inference = application.inference
        let thread = try Thread("inference") { inference.run() }
        var failure: SystemError?
        do throws(SystemError) { try worker.run() } catch { failure = error }
        inference.stop()
        // Wait for the current job, but not for one that hangs.
        let deadline = Instant.now + .seconds(3)
        while !inference.isFinished, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
        guard inference.isFinished else { _exit(failure == nil ? 0 : ExitStatus.osError.rawValue) }
        thread.join()
        if let failure { throw failure }
    }
}
