import Linux
public import SystemPackage

/// A camera of this machine, as the list of devices shows it.
public struct Device: Equatable, Sendable {
    /// Its node, such as `/dev/video0`.
    public let path: FilePath
    public let name: String
    public let driver: String
    /// Where it is attached, such as `usb-0000:00:14.0-1`.
    public let bus: String
    /// A name that survives a restart of the machine, such as `/dev/v4l/by-id/usb-…-video-index0`; nil without udev.
    public let stablePath: FilePath?
    public let identity: CameraIdentity
    public let formats: [Format]
    public let controls: [Control]
    /// Why it cannot be opened; formats and controls are empty then.
    public let problem: CameraError?

    /// Whether something in `formats` can be used.
    public var isUsable: Bool { CaptureRequest().choose(from: formats) != nil }
}

extension Device {
    /// Every node that gives pictures; metadata, output and codec nodes are left out.
    public static func all() -> [Device] {
        CameraIdentity.all().compactMap { path, identity in
            do throws(CameraError) {
                return Device(try Camera(path))
            } catch {
                // What cannot be opened may be no camera at all; index 0 is a camera's own picture node.
                if error.reason == .notCamera || error.reason == .notFound || identity.index != 0 { return nil }
                return Device(path, identity, problem: error)
            }
        }
    }

    /// What is known of an open camera.
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

    /// The node that `text` means: `auto`, an index such as `0`, or a path, which may be a link.
    ///
    /// `auto` takes USB cameras before others, in the order of their nodes, and the first with a usable format. The
    /// image processors of a Raspberry Pi, which give no pictures by themselves, are never taken. A path is returned
    /// as it is, whether it exists or not. Throws `notFound`, `noPermission` or `noUsableFormat`.
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
            throw CameraError(.notFound, "no camera is there: plug one in, or use --device pattern")
        }
        throw CameraError(noUsableFormat: first.path, CaptureRequest(), first.formats)
    }
}
