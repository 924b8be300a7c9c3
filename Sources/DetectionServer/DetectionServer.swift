import Daemon
public import EventLoop
public import FrameServer
public import Linux

/// A detection worker: what detect-fcgi is.
///
/// Made and run by one thread, before the process starts any other.
public final class DetectionServer {
    private let loop: DetectionLoop

    /// Ends a server from another thread.
    public let stopper: LoopSignal

    /// Makes the worker on the listening socket at descriptor 0; SIGTERM, SIGINT and SIGHUP end it.
    ///
    /// Throws a `Failure` that says what is wrong, with status 64 when there is no listening socket and 78 when the
    /// configuration is none. A model or a runtime that is missing is no failure: requests are answered with it.
    public convenience init(_ configuration: DetectionServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Makes a worker on a listening socket that does not block; without `signals` only its stopper ends it.
    public init(
        _ configuration: DetectionServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil
    ) throws {
        WorkerProcess.prepare()
        stopper = try LoopSignal()
        loop = try DetectionLoop(configuration, listener: listener, signals: signals, wakeUp: stopper)
    }

    /// Serves until a signal or the stopper ends it.
    public func run() throws { try loop.run() }
}
