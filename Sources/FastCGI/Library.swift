import CFastCGI
import Glibc
public import Linux

/// The process-wide state of libfcgi.
enum Library {
    /// Whether FCGX_Init succeeded.
    ///
    /// FCGX_Init is called when this property is first read. It installs handlers for SIGPIPE, SIGUSR1 and
    /// SIGTERM. These handlers are removed, because with them the signals would not stop the program.
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

/// The socket to which web servers connect.
public enum ListeningSocket {
    /// Returns the listening socket that spawn-fcgi or systemd has passed as descriptor 0.
    ///
    /// The socket is made non-blocking, which affects all processes that share it.
    public static func standardInput() throws -> Descriptor {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        guard FCGX_IsCGI() == 0 else { throw FastCGIError.noListeningSocket }
        try setNonBlocking(STDIN_FILENO, true)
        return Descriptor(owning: STDIN_FILENO)
    }
}
