import Daemon
public import EventLoop
import Glibc
public import Linux
import Service

/// The detection worker, which detect-fcgi runs.
///
/// Create it before the process starts any other thread, and run it on the thread that created it.
public final class DetectionServer {
    private let application: DetectionApplication
    private let worker: Worker

    /// An object that can stop the server from another thread.
    public let stopper: LoopSignal

    /// Creates a worker that accepts connections from the listening socket at descriptor 0.
    ///
    /// SIGTERM, SIGINT, SIGHUP and SIGUSR1 stop it. Throws a `Failure` with status 64 if there is no listening socket.
    /// A missing model or runtime is reported to clients, and does not make this initializer throw.
    public convenience init(_ configuration: DetectionServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Creates a worker that accepts connections from a non-blocking listening socket.
    ///
    /// ``stopper`` stops the worker. The signals that `signals` receives stop it too, unless `signals` is nil.
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
        // Wait for the current job, but at most for three seconds, because it may hang.
        let deadline = Instant.now + .seconds(3)
        while !inference.isFinished, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
        guard inference.isFinished else { _exit(failure == nil ? 0 : ExitStatus.osError.rawValue) }
        thread.join()
        if let failure { throw failure }
    }
}
