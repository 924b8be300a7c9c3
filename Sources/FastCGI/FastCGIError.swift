/// What keeps a FastCGI worker from its work.
public enum FastCGIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The descriptor 0 is not a listening socket.
    case noListeningSocket
    /// libfcgi refused to start.
    case libraryUnavailable
    /// libfcgi could not read a request that ``RequestHead`` had found complete.
    case unreadableRequest

    public var description: String {
        switch self {
        case .noListeningSocket:
            """
            standard input is not a FastCGI listening socket: start this program by \
            `spawn-fcgi -n -s SOCKET -M 0660 -- PROGRAM` or by systemd with StandardInput=socket
            """
        case .libraryUnavailable: "libfcgi cannot be initialised"
        case .unreadableRequest: "libfcgi could not read the request"
        }
    }
}
