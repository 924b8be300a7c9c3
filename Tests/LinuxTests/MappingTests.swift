import Glibc
import Linux
import SystemPackage
import Testing

@Suite("Mapping")
struct MappingTests {
    @Test("a mapping contains the bytes of the file")
    func hasBytes() throws {
        var file = try MemoryFile("test")
        try unsafe file.append([1, 2, 3, 4].span.bytes)
        let mapping = try Mapping(file.descriptor, byteCount: file.byteCount, access: .read)
        let first = mapping.withBytes(0..<1) { unsafe $0.unsafeLoad(as: UInt8.self) }
        #expect(first == 1)
    }

    @Test(
        "reading a truncated mapped file does not kill the process, even after `Signals.endAtOnceOnCrash` was called")
    func truncated() throws {
        for isLater in [false, true] {
            var file = try MemoryFile("test")
            try unsafe file.append([UInt8](repeating: 7, count: 8192).span.bytes)
            if !isLater { Signals.endAtOnceOnCrash() }
            let mapping = try Mapping(file.descriptor, byteCount: file.byteCount, access: .read)
            if isLater { Signals.endAtOnceOnCrash() }
            try #require(ftruncate(file.descriptor.number, 0) == 0)
            let last = mapping.withBytes(8191..<8192) { unsafe $0.unsafeLoad(as: UInt8.self) }
            #expect(last == 0)
            let wasTruncated = mapping.wasTruncated
            #expect(wasTruncated)
        }
    }

    @Test("if a mapping fails, the error contains the reason")
    func saysWhy() {
        #expect(throws: SystemError("mmap", "4096 bytes", .badFileDescriptor)) {
            _ = try Mapping(Descriptor(owning: -1), byteCount: 4096, access: .read)
        }
    }
}
