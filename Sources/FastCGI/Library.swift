import CFastCGI
import Glibc
public import Linux

/// The process-wide state of libfcgi.
enum Library {
    /// Whether FCGX_Init succeeded; it runs once, on first access.
    ///
    /// The handlers it installs for SIGPIPE, SIGUSR1 and SIGTERM are removed: they would ignore requests to stop.
    static let isInitialized: Bool = {
        let signals = [SIGPIPE, SIGUSR1, SIGTERM]
        let actions = signals.map { number in
            var action = sigaction()
            _ = unsafe sigaction(number, nil, &action)
            return action
        }
        let status = FCGX_Init()
        for (number, action) in zip(signals, actions) {
            var action = action
            _ = unsafe sigaction(number, &action, nil)
        }
        return status == 0
    }()
}

/// The socket that web servers connect to.
public enum ListeningSocket {
    /// Takes the listening socket that spawn-fcgi or systemd passed as descriptor 0.
    ///
    /// It becomes non-blocking, in all processes that share it.
    public static func standardInput() throws -> Descriptor {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        guard FCGX_IsCGI() == 0 else { throw FastCGIError.noListeningSocket }
        try setNonBlocking(STDIN_FILENO, true)
        return Descriptor(owning: STDIN_FILENO)
    }
}
