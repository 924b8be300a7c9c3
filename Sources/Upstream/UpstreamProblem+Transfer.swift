import Curl
import SystemPackage
import UpstreamAccess

extension UpstreamProblem {
    /// Creates the problem for a transfer that failed; returns nil if the transfer succeeded.
    init?(_ completion: TransferLoop.Completion, _ configuration: UpstreamConfiguration) {
        let detail = UntrustedText.clean(completion.detail)
        switch completion.result {
        case .complete: return nil
        case .cannotResolve: self = .cannotResolve
        case .cannotResolveProxy: self = .cannotResolveProxy
        case .cannotConnect(.connectionRefused?):
            let other = Self.otherHost(in: detail, configuration.address)
            self = other.map { .refusedByIntermediary($0) } ?? .refused
        case .cannotConnect(let errno): self = .unreachable(errno.map { "\($0)" } ?? detail)
        case .timedOut: self = .connectTimeout(configuration.stallTimeout)
        case .proxyRefused(let status): self = .proxyStatus(status)
        case .certificateRefused: self = .certificateRefused(detail)
        case .certificateFileInvalid: self = .certificateFile(detail)
        case .tlsFailed: self = .tlsFailed(detail)
        case .tooManyRedirects: self = .tooManyRedirects
        case .redirectedElsewhere: self = .redirectElsewhere
        case .notHTTP: self = .notHTTP
        case .connectionLost: self = .broken(detail)
        case .headerTooLarge: self = .headerTooLarge
        case .refusedByReceiver, .other: self = .other(detail)
        }
    }

    /// Returns `HOST port N` if libcurl's message "Failed to connect to HOST port N after …" names a host other
    /// than the upstream's.
    private static func otherHost(in detail: String, _ address: UpstreamAddress) -> String? {
        let words = detail.split(separator: " ")
        guard words.count > 5, words[..<3] == ["Failed", "to", "connect"], words[5] == "port" else { return nil }
        let bare = address.host.filter { $0 != "[" && $0 != "]" }
        guard words[4].lowercased() != bare.lowercased() else { return nil }
        return words[4...].prefix(3).joined(separator: " ")
    }
}
