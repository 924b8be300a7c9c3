public import Curl
public import SharedFrame
public import SystemPackage
public import UpstreamAccess

/// The configuration of one relayed camera: where its pictures come from, and how they are fetched.
public struct UpstreamConfiguration: Sendable {
    /// The ring in which the pictures are published.
    public var ring: RingName
    public var address: UpstreamAddress
    public var credentials: Credentials?
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthorities: FilePath?
    /// The timeout for connecting, and also for waiting for more data; from 0.1 s to an hour.
    public var stallTimeout = Duration.seconds(5)
    /// How long to stay connected after the last viewer has left.
    public var linger = Duration.seconds(5)
    /// Whether to stay connected while nobody is watching.
    public var isAlwaysConnected = false
    /// The number of requests per second to an upstream that returns single JPEGs instead of a stream, from 0.01 to
    /// 120.
    public var stillsPerSecond: Double = 5
    /// The maximum size of one picture in bytes.
    public var maximumPictureByteCount = 16 << 20
    /// The program's version, for the `User-Agent` header.
    public var version: String

    public init(ring: RingName, address: UpstreamAddress, version: String) {
        self.ring = ring
        self.address = address
        self.version = version
    }

    /// The description of the source in the ring's header.
    var source: SourceDescription {
        // The device is truncated to the size of its field in the ring's header, because the two are compared.
        let device = String(decoding: address.description.utf8.prefix(255), as: UTF8.self)
        return SourceDescription(kind: "upstream", device: device, name: address.host, format: "JPEG")
    }

    /// Returns a request for `url` on the upstream's host, for the camera whose ring `writer` writes.
    func request(_ url: String, accept: String, writer: RingWriter) -> Transfer.Request {
        var request = Transfer.Request(url: url, accept: accept, connectTimeout: stallTimeout, version: version)
        request.isLoopback = address.isLoopback
        request.credentials = credentials
        request.headers = ["\(RingWriter.requestHeader): \(writer.requestValue(for: ring.camera))"]
        request.certificateAuthorities = certificateAuthorities
        return request
    }
}
