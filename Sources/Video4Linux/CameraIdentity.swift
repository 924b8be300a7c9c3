import CVideo4Linux
import Glibc
import Linux
public import SystemPackage

/// Identifies a camera, even if its node's name changes.
public struct CameraIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The USB vendor and product IDs, such as `046d:082d`; nil on other buses.
    public let product: String?
    /// The USB serial number; nil if the camera has none, or if another camera on this machine has the same number.
    public let serial: String?
    /// The device's position in /sys, which is a USB port such as `1-1.4` or a platform device such as `vivid.0`.
    public let port: String?
    /// The USB interface, such as `1.0`, which distinguishes several cameras in one device.
    public let interface: String?
    /// The index of the camera's node among the nodes of the interface.
    ///
    /// The node with index 0 delivers pictures, and the node with index 1 often delivers metadata.
    public let index: Int
    /// The driver's own name for the device's position, which identifies devices that have no position in /sys.
    public let bus: String
    public let name: String

    public var description: String {
        [name, product, serial.map { "serial \($0)" }, port.map { "port \($0)" }].compactMap(\.self)
            .joined(separator: ", ")
    }
}

extension CameraIdentity {
    /// Reads the identity from the node's folder in /sys.
    private init(folder: FilePath, name: String, bus: String) {
        let device = SystemFile.realPath("\(folder)/device")
        index = SystemFile.text(of: "\(folder)/index").flatMap { Int($0) } ?? 0
        self.name = name
        self.bus = bus
        guard let device else {
            (product, serial, port, interface) = (nil, nil, nil, nil)
            return
        }
        // A USB camera's node belongs to an interface (1-1.4:1.0). The folder of its device (1-1.4) contains the IDs.
        let usb = device.removingLastComponent()
        if let vendor = SystemFile.text(of: "\(usb)/idVendor"),
            let number = SystemFile.text(of: "\(usb)/idProduct")
        {
            product = "\(vendor):\(number)"
            let text = SystemFile.text(of: "\(usb)/serial") ?? ""
            serial = text.isEmpty ? nil : text
            port = usb.lastComponent?.string
            interface = device.lastComponent?.string.split(separator: ":").last.map(String.init)
        } else {
            (product, serial, interface) = (nil, nil, nil)
            port = device.lastComponent?.string
        }
    }

    /// Reads the identity of the open node `descriptor`, whose folder in /sys is found by the node's device number.
    init(of descriptor: CInt, name: String, bus: String) {
        var status = stat()
        _ = unsafe fstat(descriptor, &status)
        let device = UInt64(status.st_rdev)
        let path = "/sys/dev/char/\(v4l2_device_major(device)):\(v4l2_device_minor(device))"
        let folder = SystemFile.realPath(path) ?? FilePath(path)
        let own = CameraIdentity(folder: folder, name: name, bus: bus)
        // Some cheap cameras all have the same serial number, which therefore identifies none of them.
        let others = Self.all().filter { $0.path.lastComponent != folder.lastComponent }
        let isShared = others.contains { $0.identity.isTwin(of: own) }
        self = isShared ? own.withoutSerial : own
    }

    private var withoutSerial: CameraIdentity {
        CameraIdentity(
            product: product, serial: nil, port: port, interface: interface, index: index, bus: bus, name: name)
    }

    private func isTwin(of other: CameraIdentity) -> Bool {
        serial != nil && (product, serial, interface) == (other.product, other.serial, other.interface)
            && index == other.index
    }

    /// Returns all nodes of /sys/class/video4linux with their identities, in the order of their numbers.
    static func all() -> [(path: FilePath, identity: CameraIdentity)] {
        let root: FilePath = "/sys/class/video4linux"
        let names = Folder.names(in: root).filter { $0.hasPrefix("video") }
        return names.sorted { number(of: $0) < number(of: $1) }.map { node in
            let name = SystemFile.text(of: "\(root)/\(node)/name") ?? ""
            return (FilePath("/dev/\(node)"), CameraIdentity(folder: FilePath("\(root)/\(node)"), name: name, bus: ""))
        }
    }

    private static func number(of node: String) -> Int { Int(node.dropFirst(5)) ?? Int.max }

    /// Returns how likely it is that `other` is this camera, as a number from 0 to 3.
    ///
    /// 0 means that `other` is a different camera.
    func likeness(to other: CameraIdentity) -> Int {
        guard product == other.product, interface == other.interface, index == other.index, port != nil else {
            return 0
        }
        if product == nil { return port == other.port ? 1 : 0 }
        if let serial {
            guard serial == other.serial else { return 0 }
            return port == other.port ? 3 : 2
        }
        return port == other.port ? 1 : 0
    }
}

extension Device {
    /// Returns the path of the camera's current node, or nil if the camera is absent.
    ///
    /// The camera is found by its serial number, or by its position if it has no serial number. The node is not opened,
    /// because a new node may exist for a moment before its permissions are set.
    public static func find(_ identity: CameraIdentity) -> FilePath? {
        let ranked = CameraIdentity.all().map { (path: $0.path, likeness: identity.likeness(to: $0.identity)) }
        return ranked.filter { $0.likeness > 0 }.max { $0.likeness < $1.likeness }?.path
    }
}
