public import EventLoop
public import Linux
import Service

/// A streaming worker: what mjpeg-fcgi is, and relay-fcgi beside its upstreams.
///
/// Made and run by one thread. A worker that obeys signals is made before the process starts any other thread, since
/// threads inherit which signals are blocked.
public final class FrameServer {
    private let application: FrameApplication
    private let worker: Worker

    /// Ends the server from another thread.
    public let stopper: LoopSignal

    /// Makes the worker on the listening socket at descriptor 0; SIGTERM, SIGINT and SIGHUP end it.
    ///
    /// Throws a `Failure` that says what is wrong: status 64 if there is no listening socket, 69 if there are too many
    /// workers, 73 if the file of counters cannot be created.
    public convenience init(_ configuration: FrameServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Makes a worker on a listening socket that does not block; without `signals` only its stopper ends it.
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

    /// Serves until a signal or the stopper ends it; all streams are ended cleanly, within a second.
    public func run() throws(SystemError) { try worker.run() }
}
