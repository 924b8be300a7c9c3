import Daemon
public import EventLoop
public import Linux

/// A streaming worker: what mjpeg-fcgi is, and relay-fcgi beside its upstreams.
///
/// Made and run by one thread. A worker that is to obey signals is made before the process starts any other thread,
/// since threads inherit which signals are blocked.
public final class FrameServer {
    private let loop: ServerLoop

    /// Ends a server from another thread.
    public let stopper: LoopSignal

    /// Makes the worker on the listening socket at descriptor 0; SIGTERM, SIGINT and SIGHUP end it.
    ///
    /// Throws a `Failure` that says what is wrong, with status 64 when there is no listening socket, 69 when there are
    /// too many workers, 73 when the file of counters cannot be made and 78 when the configuration is none.
    public convenience init(_ configuration: FrameServerConfiguration) throws {
        let signals = try WorkerProcess.endingSignals()
        try self.init(configuration, listener: WorkerProcess.listener(), signals: signals)
    }

    /// Makes a worker on a listening socket that does not block; without `signals` only its stopper ends it.
    public init(
        _ configuration: FrameServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil
    ) throws {
        WorkerProcess.prepare()
        let wakeUp = try LoopSignal()
        do {
            loop = try ServerLoop(configuration, listener: listener, signals: signals, wakeUp: wakeUp)
        } catch let error as ServiceCounters.SlotsTaken {
            throw Failure(.unavailable, "\(error)")
        } catch let error as ServiceCounters.Unusable {
            throw Failure(.cannotCreate, "\(error)")
        }
        stopper = wakeUp
    }

    /// Serves until a signal or the stopper ends it; all streams are ended cleanly, within a second.
    public func run() throws {
        loop.run()
    }
}
