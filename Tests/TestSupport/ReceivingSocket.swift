import Glibc
public import Linux
import SystemPackage

/// A datagram socket at a unique abstract address, like systemd's notification socket.
public struct ReceivingSocket: ~Copyable {
    /// The value for `NOTIFY_SOCKET`.
    public let address: String
    private let descriptor: Descriptor

    public init() throws(SystemError) {
        // Make all throwing calls before the first property is assigned. If a call threw after that, the program would
        // destroy `descriptor` although it is not initialised yet, and thereby close descriptor 0.
        let address = "@oriel-test-\(UInt64.random(in: 0 ... .max))"
        let number = try systemCall("socket", "") { socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0) }
        let descriptor = Descriptor(owning: number)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let path = [0] + Array(address.utf8.dropFirst())
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        try systemCall("bind", address) {
            unsafe withUnsafeBytes(of: &name) {
                unsafe bind(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
            }
        }
        self.address = address
        self.descriptor = descriptor
    }

    /// Returns the next message, or nil if none arrives within `seconds`.
    public func receive(seconds: Double = 30) -> String? {
        guard !Poll.wait([descriptor.number], milliseconds: Int(seconds * 1000)).isEmpty else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor.number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
