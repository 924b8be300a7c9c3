import Glibc
import Synchronization
public import SystemPackage

/// A file of 64-bit words that several processes share; each word is read and written atomically.
public struct SharedCounters: ~Copyable, Sendable {
    /// The file's descriptor; it is public so that the caller can lock bytes of the file.
    public let descriptor: Descriptor
    public let count: Int
    private let mapping: Mapping

    /// Opens or creates `path` (mode 0640) and extends it to at least `count` words.
    public init(path: FilePath, count: Int) throws(SystemError) {
        try self.init(Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o640), "\(path)", count: count)
    }

    /// Creates `count` words that only this process can access.
    public init(privateCount count: Int) throws(SystemError) {
        try self.init(MemoryFile("counters").intoDescriptor(), "memfd", count: count)
    }

    private init(_ descriptor: consuming Descriptor, _ subject: String, count: Int) throws(SystemError) {
        let number = descriptor.number
        if try descriptor.status().byteCount < count * 8 {
            try systemCall("ftruncate", subject) { ftruncate(number, off_t(count * 8)) }
        }
        let mapping = try Mapping(descriptor, byteCount: count * 8, access: .readWrite)
        self.descriptor = descriptor
        self.count = count
        self.mapping = mapping
    }

    /// The word at `index`.
    public subscript(_ index: Int) -> UInt64 {
        get { unsafe word(index).pointee.load(ordering: .relaxed) }
        nonmutating set { unsafe word(index).pointee.store(newValue, ordering: .relaxed) }
    }

    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe mapping.pointer(to: Atomic<UInt64>.self, at: index * 8)
    }
}
