import CCurl
import SystemPackage

extension UpstreamProblem {
    /// What a transfer's end says; nil where it is no failure of libcurl's.
    init?(_ completion: TransferLoop.Completion, _ configuration: UpstreamConfiguration) {
        let transfer = completion.transfer
        let detail = Self.detail(completion)
        switch completion.result {
        case CURLE_OK: return nil
        case CURLE_COULDNT_RESOLVE_HOST: self = .cannotResolve
        case CURLE_COULDNT_RESOLVE_PROXY: self = .cannotResolveProxy
        case CURLE_COULDNT_CONNECT:
            let errno = Errno(rawValue: CInt(clamping: transfer.systemError))
            if errno == .connectionRefused {
                let other = Self.otherHost(in: detail, configuration.address)
                self = other.map { .refusedOnTheWay($0) } ?? .refused
            } else {
                self = .unreachable(errno.rawValue == 0 ? detail : "\(errno)")
            }
        case CURLE_OPERATION_TIMEDOUT: self = .connectTimeout(seconds: configuration.stallSeconds)
        case CURLE_RECV_ERROR where transfer.proxyStatus >= 300:
            self = .proxyStatus(transfer.proxyStatus)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self = .certificateRefused(detail)
        case CURLE_SSL_CACERT_BADFILE: self = .certificateFile(detail)
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM: self = .tlsFailed(detail)
        case CURLE_TOO_MANY_REDIRECTS: self = .tooManyRedirects
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            // libcurl refuses HTTP/0.9 and a redirect to another scheme by the same code.
            self = (300...399).contains(transfer.status) ? .redirectElsewhere : .notHTTP
        case CURLE_URL_MALFORMAT where (300...399).contains(transfer.status): self = .redirectElsewhere
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_RECV_ERROR: self = .broken(detail)
        case CURLE_WRITE_ERROR where transfer.isHeaderTooLarge: self = .headerTooLarge
        // What libcurl says of one header line of more than 100 KiB; later versions have a code for it (100).
        case CURLE_OUT_OF_MEMORY, CURLcode(rawValue: 100): self = .headerTooLarge
        default: self = .other(detail)
        }
    }

    /// `HOST port N`, where "Failed to connect to HOST port N after …" names another host than the upstream's.
    private static func otherHost(in detail: String, _ address: UpstreamAddress) -> String? {
        let words = detail.split(separator: " ")
        guard words.count > 5, words[..<3] == ["Failed", "to", "connect"], words[5] == "port" else { return nil }
        let bare = address.host.filter { $0 != "[" && $0 != "]" }
        guard words[4].lowercased() != bare.lowercased() else { return nil }
        return words[4...].prefix(3).joined(separator: " ")
    }

    private static func detail(_ completion: TransferLoop.Completion) -> String {
        let text = completion.transfer.errorDetail
        return text.isEmpty ? unsafe String(cString: curl_easy_strerror(completion.result)) : text
    }
}

extension Transfer {
    /// What a proxy answered to CONNECT last, or 0.
    var proxyStatus: Int { long(CURLINFO_HTTP_CONNECTCODE) }

    /// The errno of the last failed connect, or 0.
    var systemError: Int { long(CURLINFO_OS_ERRNO) }
}
