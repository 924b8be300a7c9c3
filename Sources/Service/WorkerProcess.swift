import Daemon
import FastCGI
import Glibc
public import Linux

/// What a FastCGI worker is started with.
public enum WorkerProcess {
    /// Serves the listening socket at descriptor 0 until SIGTERM, SIGINT, SIGHUP or SIGUSR1 ends the worker.
    ///
    /// To be called before the process starts any other thread, since threads inherit which signals are blocked.
    /// Throws a ``Failure`` with status 64 if there is no listening socket, 69 if there are too many workers, 73 if the
    /// file of counters cannot be created.
    public static func serve(_ configuration: WorkerConfiguration, _ application: some Application) throws {
        let signals = try endingSignals()
        let worker = try Worker(
            configuration, listener: listener(), signals: signals, loop: EventLoop(), application: application)
        // The worker does not own the application.
        defer { withExtendedLifetime(application) {} }
        try worker.run()
    }

    /// The signals that end a worker, blocked from now on.
    ///
    /// To be called before the process starts any other thread, since threads inherit which signals are blocked.
    public static func endingSignals() throws(SystemError) -> SignalDescriptor {
        try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    }

    /// The listening socket at descriptor 0, made non-blocking; throws a ``Failure`` with status 64 if there is none.
    public static func listener() throws -> Descriptor {
        do {
            return try ListeningSocket.standardInput()
        } catch let error as FastCGIError {
            throw Failure(error == .noListeningSocket ? .usage : .osError, "\(error)")
        }
    }
}
