import Linux
public import SystemPackage

/// A camera of this machine, as listed by `capture-daemon devices`.
public struct Device: Equatable, Sendable {
    /// The path of the camera's node, such as `/dev/video0`.
    public let path: FilePath
    public let name: String
    public let driver: String
    /// The position on the bus, such as `usb-0000:00:14.0-1`.
    public let bus: String
    /// A path that remains the same when the machine is restarted, such as `/dev/v4l/by-id/usb-…-video-index0`; nil if
    /// udev has not created one.
    public let stablePath: FilePath?
    public let identity: CameraIdentity
    public let formats: [Format]
    public let controls: [Control]
    /// The reason why the camera cannot be opened; nil if it can be opened.
    ///
    /// If the camera cannot be opened, `formats` and `controls` are empty.
    public let problem: CameraError?

    /// Whether any of `formats` is usable.
    public var isUsable: Bool { CaptureRequest().choose(from: formats) != nil }
}

extension Device {
    /// Returns all nodes that deliver pictures, which excludes metadata, output and codec nodes.
    public static func all() -> [Device] {
        CameraIdentity.all().compactMap { path, identity in
            do throws(CameraError) {
                return Device(try Camera(path))
            } catch {
                // It is unknown whether a node that cannot be opened delivers pictures. Only the node with index 0 is
                // assumed to do so.
                if error.reason == .notCamera || error.reason == .notFound || identity.index != 0 { return nil }
                return Device(path, identity, problem: error)
            }
        }
    }

    /// Creates the description of an open camera.
    public init(_ camera: Camera) {
        path = camera.path
        name = camera.name
        driver = camera.driver
        bus = camera.bus
        identity = camera.identity
        stablePath = Self.stablePath(of: camera.path)
        formats = camera.formats()
        controls = camera.controls()
        problem = nil
    }

    private init(_ path: FilePath, _ identity: CameraIdentity, problem: CameraError) {
        self.path = path
        name = identity.name
        driver = ""
        bus = identity.bus
        self.identity = identity
        stablePath = Self.stablePath(of: path)
        formats = []
        controls = []
        self.problem = problem
    }

    private static func stablePath(of path: FilePath) -> FilePath? {
        let folder: FilePath = "/dev/v4l/by-id"
        let names = Folder.names(in: folder).sorted()
        return names.first { SystemFile.realPath("\(folder)/\($0)") == path }.map { FilePath("\(folder)/\($0)") }
    }

    /// Returns the path of the node for `text`, which is `auto`, an index such as `0`, or a path.
    ///
    /// `auto` chooses the first USB camera with a usable format, in the order of the nodes' numbers. If there is none,
    /// it chooses the first other camera with a usable format. It never chooses the image processors of a Raspberry Pi,
    /// which deliver no pictures by themselves. A path is returned unchanged, even if it does not exist. Throws
    /// `notFound`, `noPermission` or `noUsableFormat`.
    public static func resolve(_ text: String) throws(CameraError) -> FilePath {
        if text != "auto" {
            let isIndex = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return FilePath(isIndex ? "/dev/video\(text)" : text)
        }
        let devices = all().filter { !["bcm2835-isp", "pispbe", "rp1-cfe", "unicam"].contains($0.driver) }
        let usb = devices.filter { $0.identity.product != nil }
        let ordered = usb + devices.filter { $0.identity.product == nil }
        if let usable = ordered.first(where: \.isUsable) { return usable.path }
        if let problem = ordered.lazy.compactMap(\.problem).first { throw problem }
        guard let first = ordered.first else {
            throw CameraError(.notFound, "no camera was found: plug one in, or use --device pattern")
        }
        throw CameraError(noUsableFormat: first.path, CaptureRequest(), first.formats)
    }
}
