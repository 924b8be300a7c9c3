import Daemon
import FastCGI
import Glibc
public import Linux

/// What a FastCGI worker is started with.
public enum WorkerProcess {
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
