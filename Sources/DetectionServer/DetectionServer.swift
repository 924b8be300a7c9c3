public import EventLoop
public import Linux
import Service

/// A detection worker: what detect-fcgi is.
///
/// Made and run by one thread, before the process starts any other.
public final class DetectionServer {
    private let application: DetectionApplication
    private let worker: Worker

    /// Ends the server from another thread.
    public let stopper: LoopSignal

    /// Makes the worker on the listening socket at descriptor 0; SIGTERM, SIGINT and SIGHUP end it.
    ///
    /// Throws a `Failure` that says what is wrong, with status 64 if there is no listening socket. A model or a runtime
    /// that is missing is no failure: requests are answered with it.
    public convenience init(_ configuration: DetectionServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Makes a worker on a listening socket that does not block; without `signals` only its stopper ends it.
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

    /// Serves until a signal or the stopper ends it.
    public func run() throws(SystemError) {
        let inference = application.inference
        let thread = try Thread("inference") { inference.run() }
        var failure: SystemError?
        do throws(SystemError) { try worker.run() } catch { failure = error }
        inference.stop()
        thread.join()
        if let failure { throw failure }
    }
}
