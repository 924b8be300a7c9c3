import Glibc
import SystemPackage

/// Sends single messages to a Unix datagram socket (unix(7)).
public enum Datagram {
    /// Sends `text` to the socket at `address`, which is a path, or `@` followed by an abstract name.
    public static func send(_ text: String, to address: String) throws(SystemError) {
        let path = Array(address.utf8)
        var destination = sockaddr_un()
        guard path.count > 1, path.count < MemoryLayout.size(ofValue: destination.sun_path) else {
            throw SystemError("sendto", address, .invalidArgument)
        }
        destination.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &destination.sun_path) { field in
            unsafe field.copyBytes(from: path)
            // For the kernel, an abstract name begins with a zero byte and extends to the end of the address.
            if path[0] == UInt8(ascii: "@") { unsafe field[0] = 0 }
        }
        let sender = Descriptor(
            owning: try systemCall("socket", address) {
                socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            })
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(text.utf8)
        try systemCall("sendto", address) {
            unsafe bytes.withUnsafeBytes { message in
                unsafe withUnsafeBytes(of: &destination) { address in
                    unsafe sendto(
                        sender.number, message.baseAddress, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                        address.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
                }
            }
        }
    }
}
