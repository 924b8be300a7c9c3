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

    /// Makes the process one that serves rings of this prefix; throws with status 78 when it is none.
    public static func prepare(prefix: String) throws(Failure) {
        guard RingName.isPrefix(prefix) else {
            throw Failure(
                .configuration,
                "the prefix '\(prefix)' is not a name of letters, digits, '-' and '_': set ORIEL_PREFIX")
        }
        Signals.ignoreBrokenPipe()
    }
}
