import Daemon
import EventLoop
import FastCGI
import Glibc
public import Linux

/// The process-wide setup of a FastCGI worker.
public enum WorkerProcess {
    /// Serves requests from the listening socket at descriptor 0 until SIGTERM, SIGINT, SIGHUP or SIGUSR1 arrives.
    ///
    /// Must be called before the process starts any other thread, because threads inherit the mask that blocks these
    /// signals. Throws a ``Failure`` with status 64 if there is no listening socket, 69 if there are too many workers,
    /// or 73 if the counter file cannot be created.
    public static func serve(_ configuration: WorkerConfiguration, _ application: some Application) throws {
        let signals = try endingSignals()
        let worker = try Worker(
            configuration, listener: listener(), signals: signals, loop: EventLoop(), application: application)
        // The worker does not retain the application, so this function keeps the application alive.
        defer { withExtendedLifetime(application) {} }
        try worker.run()
    }

    /// Blocks the signals that stop a worker and returns a descriptor for them.
    ///
    /// Must be called before the process starts any other thread, because threads inherit the signal mask.
    public static func endingSignals() throws(SystemError) -> SignalDescriptor {
        try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    }

    /// Makes the listening socket at descriptor 0 non-blocking and returns it.
    ///
    /// Throws a ``Failure`` with status 64 if descriptor 0 is not a listening socket.
    public static func listener() throws -> Descriptor {
        do {
            return try ListeningSocket.standardInput()
        } catch let error as FastCGIError {
            throw Failure(error == .noListeningSocket ? .usage : .osError, "\(error)")
        }
    }
}
