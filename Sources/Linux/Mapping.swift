import Glibc
import SystemPackage

/// A file mapped into memory and shared with other processes; unmapped when it goes out of scope.
///
/// `@unchecked Sendable`: the mapping itself never changes. Its contents can change at any time, since other processes
/// write them. The code that knows their layout accesses them through atomics, or copies them and validates the copy.
@safe
public struct Mapping: ~Copyable, @unchecked Sendable {
    public enum Access: Sendable { case read, readWrite }

    private let base: UnsafeMutableRawPointer
    public let byteCount: Int
    /// The index of the mapping in ``MappingFaults``, or nil if it is not protected.
    private let protection: Int?

    /// Maps the first `byteCount` bytes of the file.
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

    /// Whether the file was truncated and this process then accessed the missing part.
    ///
    /// If so, all of the mapping was replaced with zeros.
    public var wasTruncated: Bool { protection.map { MappingFaults.wasTruncated($0) } ?? false }

    /// Calls `body` with the bytes at `range`.
    public func withBytes<Value, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: byteCount).extracting(range))
    }

    /// Returns a pointer to the `Value` at `offset`, such as an atomic.
    @unsafe
    public func pointer<Value: ~Copyable>(to type: Value.Type, at offset: Int) -> UnsafeMutablePointer<Value> {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount)
        return unsafe (base + offset).assumingMemoryBound(to: Value.self)
    }

    /// Returns the bytes at `range` for writing; only one process may write them.
    @unsafe
    public func mutableBytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }
}
