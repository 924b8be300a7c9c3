import CVideo4Linux
import Glibc
import Linux
import SystemPackage

/// An open Video4Linux device node.
struct Node: ~Copyable, Sendable {
    let descriptor: Descriptor
    let path: FilePath

    /// Opens the node.
    ///
    /// Several programs may open the same node, but only one of them can stream.
    init(_ path: FilePath) throws(CameraError) {
        do throws(SystemError) {
            descriptor = try Descriptor(opening: path, flags: O_RDWR | O_NONBLOCK)
        } catch {
            throw CameraError(opening: path, error)
        }
        self.path = path
    }

    func perform<Argument>(_ request: Request<Argument>, _ argument: inout Argument) throws(SystemError) {
        let number = descriptor.number
        try systemCall(request.name, "\(path)") {
            unsafe withUnsafeMutablePointer(to: &argument) { unsafe ioctl(number, request.code, $0) }
        }
    }

    /// Returns the capabilities of the driver and this node.
    ///
    /// Returns nil if this is not a Video4Linux node, or if the driver no longer responds.
    func capability() -> Capability? {
        var capability = v4l2_capability()
        do throws(SystemError) { try perform(.queryCapability, &capability) } catch { return nil }
        return Capability(capability)
    }
}

/// The result of VIDIOC_QUERYCAP.
struct Capability {
    let driver: String
    /// The camera's name.
    let card: String
    /// The position on the bus, such as `usb-0000:00:14.0-1`.
    let bus: String
    /// Whether the node streams pictures.
    let canCapture: Bool
    /// Whether the node delivers pictures only through read(2), and cannot stream them.
    let canOnlyRead: Bool
    /// Whether the driver supports only the multi-planar calls (`V4L2_CAP_VIDEO_CAPTURE_MPLANE`).
    let isMultiplanar: Bool

    init(_ capability: v4l2_capability) {
        driver = text(capability.driver)
        card = text(capability.card)
        bus = text(capability.bus_info)
        // If a driver has several nodes, device_caps lists the capabilities of this node (V4L2 API, VIDIOC_QUERYCAP).
        let hasOwn = capability.capabilities & v4l2_cap_device_caps != 0
        let bits = hasOwn ? capability.device_caps : capability.capabilities
        let capture = UInt32(V4L2_CAP_VIDEO_CAPTURE)
        let multiplanar = UInt32(V4L2_CAP_VIDEO_CAPTURE_MPLANE)
        isMultiplanar = bits & capture == 0 && bits & multiplanar != 0
        let isCamera = bits & (capture | multiplanar) != 0
        canCapture = isCamera && bits & UInt32(V4L2_CAP_STREAMING) != 0
        canOnlyRead = isCamera && !canCapture && bits & UInt32(V4L2_CAP_READWRITE) != 0
    }
}

/// Returns the text in one of the kernel's character arrays of fixed size, up to its zero byte.
func text<Characters>(_ characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
