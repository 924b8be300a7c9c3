public import Curl
public import SharedFrame
public import SystemPackage

/// One camera of a relay: where its pictures come from and how they are fetched.
public struct UpstreamConfiguration: Sendable {
    /// The ring the pictures go into.
    public var ring: RingName
    public var address: UpstreamAddress
    public var credentials: Credentials?
    /// A PEM file of the authorities to trust instead of the system's.
    public var certificateAuthorities: FilePath?
    /// Without a byte for so long the connection is given up, 0.1 s to an hour; connecting may take as long.
    public var stallTimeout = Duration.seconds(5)
    /// How long it stays connected after the last viewer has left.
    public var linger = Duration.seconds(5)
    /// Stays connected whether somebody watches or not.
    public var isAlwaysConnected = false
    /// How often to ask an upstream that answers with one JPEG instead of a stream, per second, 0.01 to 120.
    public var stillsPerSecond: Double = 5
    /// The most bytes one picture may have.
    public var maximumPictureByteCount = 16 << 20
    /// The program's version, for the `User-Agent` header.
    public var version: String

    public init(ring: RingName, address: UpstreamAddress, version: String) {
        self.ring = ring
        self.address = address
        self.version = version
    }

    /// What the ring says of its source.
    var source: SourceDescription {
        // Cut as the ring's header cuts it, with which it is compared.
        let device = String(decoding: address.description.utf8.prefix(255), as: UTF8.self)
        return SourceDescription(kind: "upstream", device: device, name: address.host, format: "JPEG")
    }

    /// A request for `url` on the upstream's host.
    func request(_ url: String, accept: String) -> Transfer.Request {
        var request = Transfer.Request(url: url, accept: accept, connectTimeout: stallTimeout, version: version)
        request.isLoopback = address.isLoopback
        request.credentials = credentials
        request.certificateAuthorities = certificateAuthorities
        return request
    }
}
