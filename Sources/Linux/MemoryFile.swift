import CLinux
import Glibc
public import SystemPackage

/// A file in memory without a name (memfd_create(2)): written once, then sent to any number of sockets.
public struct MemoryFile: ~Copyable, Sendable {
    public let descriptor: Descriptor
    /// Bytes written so far.
    public private(set) var byteCount: Int

    /// `name` is what /proc shows.
    public init(_ name: String) throws(SystemError) {
        // Every throw comes before the first property is set: the compiler (6.3) otherwise closes what was never opened.
        let number = try systemCall("memfd_create", name) {
            unsafe name.withCString { unsafe memfd_create($0, UInt32(MFD_CLOEXEC)) }
        }
        descriptor = Descriptor(owning: number)
        byteCount = 0
    }

    /// Appends `bytes`.
    public mutating func append(_ bytes: RawSpan) throws(SystemError) {
        var written = 0
        while written < bytes.byteCount {
            let number = descriptor.number
            let offset = byteCount + written
            let count = try systemCall("pwrite", "memfd") {
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe pwrite(
                        number, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written, off_t(offset))
                }
            }
            written += count
        }
        byteCount += written
    }

    /// Appends `bytes`.
    public mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        try append(unsafe bytes.span.bytes)
    }

    /// Gives up counting: the file alone.
    public consuming func intoDescriptor() -> Descriptor { descriptor }

    /// All that was written.
    public func contents() throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < bytes.count {
            let number = descriptor.number
            let offset = filled
            let count = try systemCall("pread", "memfd") {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    unsafe pread(
                        number, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset, off_t(offset))
                }
            }
            guard count > 0 else { throw SystemError("pread", "memfd", .ioError) }
            filled += count
        }
        return bytes
    }

    /// Sends what lies from `offset` on to `socket`, without copying it; returns how many bytes the socket took.
    public func send(from offset: Int, to socket: CInt) -> Result<Int, Errno> {
        var position = off_t(offset)
        let number = descriptor.number
        let count = byteCount - offset
        return retryingOnInterrupt { unsafe sendfile(socket, number, &position, count) }
    }
}
