/// The reason why a FastCGI worker cannot start, or cannot read a request.
public enum FastCGIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Descriptor 0 is not a listening socket.
    case noListeningSocket
    /// libfcgi could not be initialised.
    case libraryUnavailable
    /// libfcgi could not read a request that was complete according to ``RequestHead``.
    case unreadableRequest

    public var description: String {
        switch self {
        case .noListeningSocket:
            """
            standard input is not a FastCGI listening socket: start this program with \
            `spawn-fcgi -n -s SOCKET -M 0660 -- PROGRAM` or from systemd with StandardInput=socket
            """
        case .libraryUnavailable: "cannot initialise libfcgi"
        case .unreadableRequest: "libfcgi could not read the request"
        }
    }
}
