import Glibc
import Linux
import SystemPackage

/// One of the driver's buffers, mapped into memory until its owner is released.
///
/// `Linux.Mapping` cannot be used for this, because it always maps a file from its start. The driver's buffers are at
/// different offsets of one descriptor.
@safe
struct BufferMapping: ~Copyable {
    private let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// Maps a buffer for reading and writing, because some drivers refuse to map it only for reading.
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

    /// Calls `body` with the bytes of `range` that are within the buffer.
    func withBytes<Value>(_ range: Range<Int>, _ body: (RawSpan) -> Value) -> Value {
        let range = range.clamped(to: 0..<byteCount)
        return body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base + range.lowerBound), byteCount: range.count))
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

    /// Returns the number of bytes of the picture that are within the buffer, whatever sizes the driver states.
    func pictureByteCount(_ state: BufferState) -> Int {
        min(state.usedByteCount, max(0, buffers[state.index].mapping.byteCount - state.dataOffset))
    }

    /// Calls `body` with the picture in the buffer that `state` describes.
    func withPicture<Value>(_ state: BufferState, _ body: (RawSpan) -> Value) -> Value {
        buffers[state.index].mapping.withBytes(
            state.dataOffset..<(state.dataOffset + state.usedByteCount), body)
    }
}
