import CFastCGI
import Glibc
public import Linux

/// libfcgi as a whole.
enum Library {
    /// Whether FCGX_Init succeeded; it is called once, when first asked.
    ///
    /// What it does to SIGPIPE, SIGUSR1 and SIGTERM is taken back: it would swallow the request to end.
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
    /// Takes the listening socket that spawn-fcgi or systemd left as descriptor 0.
    ///
    /// It becomes non-blocking, for all processes that share it.
    public static func standardInput() throws -> Descriptor {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        guard FCGX_IsCGI() == 0 else { throw FastCGIError.noListeningSocket }
        try setNonBlocking(STDIN_FILENO, true)
        return Descriptor(owning: STDIN_FILENO)
    }
}
