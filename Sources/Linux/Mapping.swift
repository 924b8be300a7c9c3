import Glibc
import SystemPackage

/// Memory shared with other processes, unmapped when its owner goes away.
///
/// `@unchecked Sendable`: the mapping itself never changes; what lies in it is shared between processes anyhow and
/// is reached through atomics or copied and then checked by whoever knows its layout.
@safe
public struct Mapping: ~Copyable, @unchecked Sendable {
    public enum Access: Sendable { case read, readWrite }

    private let base: UnsafeMutableRawPointer
    public let byteCount: Int
    private let protection: Int?

    /// Maps the first `byteCount` bytes behind `descriptor`.
    public init(_ descriptor: borrowing Descriptor, byteCount: Int, access: Access) throws(SystemError) {
        let rights = access == .read ? PROT_READ : PROT_READ | PROT_WRITE
        let base = unsafe mmap(nil, byteCount, rights, MAP_SHARED, descriptor.number, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            throw SystemError("mmap", "\(byteCount) bytes", .current)
        }
        unsafe self.base = base
        self.byteCount = byteCount
        protection = MappingFaults.protect(
            start: UInt(bitPattern: base), byteCount: byteCount, isWritable: access == .readWrite)
    }

    deinit {
        if let protection { MappingFaults.release(protection) }
        unsafe munmap(base, byteCount)
    }

    /// Whether the file was truncated under the mapping and touched there: zeros stand in its place since.
    public var wasCutOff: Bool { protection.map { MappingFaults.wasCutOff($0) } ?? false }

    /// Lends the bytes at `range` to `body`.
    public func withBytes<Value, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: byteCount).extracting(range))
    }

    /// The `Value` that lies `offset` bytes in, such as an atomic.
    @unsafe
    public func pointer<Value: ~Copyable>(to type: Value.Type, at offset: Int) -> UnsafeMutablePointer<Value> {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount)
        return unsafe (base + offset).assumingMemoryBound(to: Value.self)
    }

    /// The bytes at `range`, to be written by the one process that may.
    @unsafe
    public func mutableBytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }
}
