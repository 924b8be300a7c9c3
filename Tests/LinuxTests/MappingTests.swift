import Linux
import SystemPackage
import Testing

@Suite("Mapping")
struct MappingTests {
    @Test("has the bytes of its descriptor")
    func hasBytes() throws {
        var file = try MemoryFile("test")
        try unsafe file.append([1, 2, 3, 4].span.bytes)
        let mapping = try Mapping(file.descriptor, byteCount: file.byteCount, access: .read)
        let first = mapping.withBytes(0..<1) { unsafe $0.unsafeLoad(as: UInt8.self) }
        #expect(first == 1)
    }

    @Test("says why it could not map")
    func saysWhy() {
        #expect(throws: SystemError("mmap", "4096 bytes", .badFileDescriptor)) {
            _ = try Mapping(Descriptor(owning: -1), byteCount: 4096, access: .read)
        }
    }
}
