import CCurl
public import SystemPackage

/// The result of a transfer.
public enum TransferResult: Equatable, Sendable {
    /// The response is complete. It may have any status code.
    case complete
    case cannotResolve
    case cannotResolveProxy
    /// No address of the host accepted a connection. The value is the last error, or nil if that error is unknown.
    case cannotConnect(Errno?)
    /// The connect timeout or the total timeout of the request expired.
    case timedOut
    /// The proxy returned this status code instead of connecting.
    case proxyRefused(status: Int)
    case certificateRefused
    /// The file with the trusted certificate authorities cannot be used.
    case certificateFileInvalid
    case tlsFailed
    case tooManyRedirects
    /// The server redirected the request to a protocol that is not allowed, or to an invalid URL.
    case redirectedElsewhere
    case notHTTP
    /// The connection broke before the response was complete.
    case connectionLost
    /// The server sent more header bytes than ``Transfer/maximumHeaderByteCount``.
    case headerTooLarge
    /// The closure that receives the body aborted the transfer.
    case refusedByReceiver
    case other
}

extension TransferResult {
    init(_ code: CURLcode, of transfer: Transfer) {
        switch code {
        case CURLE_OK: self = .complete
        case CURLE_COULDNT_RESOLVE_HOST: self = .cannotResolve
        case CURLE_COULDNT_RESOLVE_PROXY: self = .cannotResolveProxy
        case CURLE_COULDNT_CONNECT:
            let errno = Errno(rawValue: CInt(clamping: transfer.systemError))
            self = .cannotConnect(errno.rawValue == 0 ? nil : errno)
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_RECV_ERROR where transfer.proxyStatus >= 300: self = .proxyRefused(status: transfer.proxyStatus)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self = .certificateRefused
        case CURLE_SSL_CACERT_BADFILE: self = .certificateFileInvalid
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM: self = .tlsFailed
        case CURLE_TOO_MANY_REDIRECTS: self = .tooManyRedirects
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            // libcurl uses these codes for an HTTP/0.9 response as well as for a redirect to another protocol.
            self = (300...399).contains(transfer.status) ? .redirectedElsewhere : .notHTTP
        case CURLE_URL_MALFORMAT where (300...399).contains(transfer.status): self = .redirectedElsewhere
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_RECV_ERROR: self = .connectionLost
        case CURLE_WRITE_ERROR: self = transfer.isHeaderTooLarge ? .headerTooLarge : .refusedByReceiver
        // libcurl 7 reports a header line larger than 100 KiB as out of memory. Later versions report it as code 100
        // (CURLE_TOO_LARGE).
        case CURLE_OUT_OF_MEMORY, CURLcode(rawValue: 100): self = .headerTooLarge
        default: self = .other
        }
    }
}
