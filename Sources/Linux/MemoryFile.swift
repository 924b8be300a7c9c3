import CLinux
import Glibc
public import SystemPackage

/// An anonymous file in memory (memfd_create(2)), which can be sent to any number of sockets.
public struct MemoryFile: ~Copyable, Sendable {
    public let descriptor: Descriptor
    /// The number of bytes appended so far.
    public private(set) var byteCount: Int

    /// Creates an empty file; `name` is only for display in /proc.
    public init(_ name: String) throws(SystemError) {
        // All throwing calls come before the first property is set. Otherwise, Swift 6.3 compiles a thrown error into
        // code that closes a descriptor which was never opened.
        let number = try systemCall("memfd_create", name) {
            unsafe name.withCString { unsafe memfd_create($0, UInt32(MFD_CLOEXEC)) }
        }
        descriptor = Descriptor(owning: number)
        byteCount = 0
    }

    /// Appends `bytes`.
    public mutating func append(_ bytes: RawSpan) throws(SystemError) {
        try write(bytes, at: byteCount)
        byteCount += bytes.byteCount
    }

    /// Overwrites the contents at `offset` without changing ``byteCount``.
    public func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
        var written = 0
        while written < bytes.byteCount {
            let number = descriptor.number
            let position = offset + written
            let count = try systemCall("pwrite", "memfd") {
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe pwrite(
                        number, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written, off_t(position))
                }
            }
            written += count
        }
    }

    /// Appends `bytes`.
    public mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        try append(unsafe bytes.span.bytes)
    }

    /// Returns the file's descriptor, which the caller then owns.
    public consuming func intoDescriptor() -> Descriptor { descriptor }

    /// Returns the first `byteCount` bytes, or everything that was appended if `byteCount` is nil.
    public func contents(byteCount: Int? = nil) throws(SystemError) -> [UInt8] {
        let byteCount = byteCount ?? self.byteCount
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

    /// Sends the bytes at `range` to `socket` without copying; returns the number of bytes sent.
    ///
    /// The socket refers to the file's memory until the peer has read it. If bytes are overwritten before that, the
    /// peer receives the new ones.
    public func send(_ range: Range<Int>, to socket: CInt) -> Result<Int, Errno> {
        var position = off_t(range.lowerBound)
        let number = descriptor.number
        let count = range.count
        return retryingOnInterrupt { unsafe sendfile(socket, number, &position, count) }
    }
}
