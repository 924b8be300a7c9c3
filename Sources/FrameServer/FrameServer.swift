public import EventLoop
public import Linux
import Service

/// The streaming worker, which is all of mjpeg-fcgi and the serving part of relay-fcgi.
///
/// Run it on the thread that created it. If it handles signals, create it before the process starts any other thread,
/// because threads inherit the signal mask.
public final class FrameServer {
    private let application: FrameApplication
    private let worker: Worker

    /// An object that can stop the server from another thread.
    public let stopper: LoopSignal

    /// Creates a worker that accepts connections from the listening socket at descriptor 0.
    ///
    /// SIGTERM, SIGINT, SIGHUP and SIGUSR1 stop it. Throws a `Failure` with status 64 if there is no listening socket,
    /// 69 if there are too many workers, or 73 if the counter file cannot be created.
    public convenience init(_ configuration: FrameServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Creates a worker that accepts connections from a non-blocking listening socket.
    ///
    /// ``stopper`` stops the worker. The signals that `signals` receives stop it too, unless `signals` is nil.
    public init(
        _ configuration: FrameServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil
    ) throws {
        let loop = try EventLoop()
        let counters = try ServiceCounters(configuration.worker)
        application = try FrameApplication(configuration, loop, counters)
        worker = try Worker(
            configuration.worker, listener: listener, signals: signals, loop: loop, counters: counters,
            application: application)
        stopper = loop.signal
    }

    /// Serves until a signal or ``stopper`` stops the worker, and then ends all streams cleanly within one second.
    public func run() throws(SystemError) { try worker.run() }
}
