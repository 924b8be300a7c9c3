public import Daemon
import FastCGI
import Glibc
public import Linux
import SharedFrame

/// What a FastCGI worker is started with, and what it needs of the process before it serves.
public enum WorkerProcess {
    /// The signals that end a worker, to be blocked before the process starts any other thread, since threads inherit
    /// which signals are blocked.
    public static func endingSignals() throws(SystemError) -> SignalDescriptor {
        try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    }

    /// The listening socket at descriptor 0, made non-blocking; throws with status 64 when there is none.
    public static func listener() throws -> Descriptor {
        do {
            return try ListeningSocket.standardInput()
        } catch let error as FastCGIError {
            throw Failure(error == .noListeningSocket ? .usage : .osError, "\(error)")
        }
    }

    /// Prepares the process to write to sockets that may be closed.
    public static func prepare() { Signals.ignoreBrokenPipe() }
}
