import Glibc
import Linux
import SystemPackage

/// One of the driver's buffers, mapped until its owner is released.
///
/// `Linux.Mapping` maps a file from its start; a driver's buffers are at offsets of one descriptor.
@safe
struct BufferMapping: ~Copyable {
    private let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// Maps for reading and writing, since some drivers refuse less.
    init(_ descriptor: borrowing Descriptor, _ state: BufferState) throws(SystemError) {
        let base = unsafe mmap(
            nil, state.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, off_t(state.offset))
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            throw SystemError("mmap", "\(state.byteCount) bytes", .current)
        }
        unsafe self.base = base
        byteCount = state.byteCount
    }

    deinit {
        unsafe munmap(base, byteCount)
    }

    /// Calls `body` with the first `count` bytes, or all if there are fewer.
    func withBytes<Value>(_ count: Int, _ body: (RawSpan) -> Value) -> Value {
        body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: min(max(0, count), byteCount)))
    }
}

/// The buffers of a streaming camera.
final class BufferSet {
    private let buffers: [Shared]

    private final class Shared {
        let mapping: BufferMapping
        init(_ mapping: consuming BufferMapping) { self.mapping = mapping }
    }

    var count: Int { buffers.count }

    init(_ count: Int, _ map: (Int) throws(SystemError) -> BufferMapping) throws(SystemError) {
        var buffers: [Shared] = []
        for index in 0..<count { buffers.append(Shared(try map(index))) }
        self.buffers = buffers
    }

    /// Calls `body` with the first `byteCount` bytes of the buffer at `index`.
    func withBytes<Value>(_ index: Int, _ byteCount: Int, _ body: (RawSpan) -> Value) -> Value {
        buffers[index].mapping.withBytes(byteCount, body)
    }
}
