import Glibc
import Linux
import SystemPackage
import Testing

/// Sends a file to many sockets through pipes.
@Suite("Fan-out of a file to many sockets")
struct PipeFanOutTests {
    /// Two connected non-blocking sockets.
    private struct Pair: ~Copyable {
        let near: Descriptor
        let far: Descriptor

        init() throws {
            var ends: [CInt] = [-1, -1]
            try systemCall("socketpair", "") {
                unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
            }
            near = Descriptor(owning: ends[0])
            far = Descriptor(owning: ends[1])
        }

        /// Returns all bytes that have arrived at the far end.
        func arrived() -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = unsafe recv(far.number, &buffer, buffer.count, 0)
                guard count > 0 else { return bytes }
                bytes += buffer[..<count]
            }
        }
    }

    private func file(_ bytes: [UInt8]) throws -> MemoryFile {
        var file = try MemoryFile("test")
        try file.append(bytes)
        return file
    }

    private func fan(_ capacity: Int) throws -> PipeFanOut {
        guard let fan = PipeFanOut.open(capacity: capacity) else { throw SystemError("pipe2", "pages", .noMemory) }
        return fan
    }

    private func pattern(_ byteCount: Int, _ salt: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ salt) }
    }

    /// Lets `fan` send its file to a socket with a large buffer, and returns the bytes that arrive.
    private func sent(by fan: inout PipeFanOut) throws -> [UInt8] {
        let pair = try Pair()
        Socket.setSendBuffer(of: pair.near.number, byteCount: 1 << 20)
        let count = try fan.send(to: pair.near.number).get()
        let bytes = pair.arrived()
        #expect(bytes.count == count)
        return bytes
    }

    @Test("each socket receives all bytes", arguments: [1, 4_095, 4_096, 61_393, 130_000])
    func all(byteCount: Int) throws {
        let bytes = pattern(byteCount, 1)
        let file = try file(bytes)
        var fan = try fan(1 << 18)
        let isKept = fan.keep(file, byteCount: byteCount)
        #expect(isKept)
        for _ in 0..<3 {
            let sent = try sent(by: &fan)
            #expect(sent == bytes)
        }
    }

    @Test("a full socket receives part of a file or nothing, and the next socket receives the whole file")
    func full() throws {
        let bytes = pattern(60_000, 2)
        let file = try file(bytes)
        var fan = try fan(1 << 17)
        _ = fan.keep(file, byteCount: bytes.count)
        let narrow = try Pair()
        Socket.setSendBuffer(of: narrow.near.number, byteCount: 1)
        var outcome = fan.send(to: narrow.near.number)
        while case .success = outcome { outcome = fan.send(to: narrow.near.number) }
        #expect(outcome == .failure(.resourceTemporarilyUnavailable))
        let sent = try sent(by: &fan)
        #expect(sent == bytes)
        // The bytes that did not fit into the full socket must not be sent together with the next file.
        _ = fan.send(to: narrow.near.number)
        let others = pattern(50_000, 7)
        let other = try self.file(others)
        _ = fan.keep(other, byteCount: others.count)
        let next = try self.sent(by: &fan)
        #expect(next == others)
    }

    @Test("after the file is replaced, the new bytes are sent")
    func next() throws {
        var fan = try fan(1 << 17)
        for salt in 0..<5 {
            let bytes = pattern(50_000 - salt * 9_999, salt)
            let file = try file(bytes)
            _ = fan.keep(file, byteCount: bytes.count)
            let sent = try sent(by: &fan)
            #expect(sent == bytes)
        }
    }

    @Test("a file that is too large, or shorter than stated, is refused completely")
    func unfit() throws {
        var fan = try fan(1 << 16)
        let large = try file(pattern(100_000, 3))
        let short = try file(pattern(1_000, 4))
        let right = try file(pattern(40_000, 5))
        let kept = [
            fan.keep(large, byteCount: 100_000), fan.keep(short, byteCount: 2_000), fan.keep(right, byteCount: 40_000),
        ]
        #expect(kept == [false, false, true])
        let sent = try sent(by: &fan)
        #expect(sent == pattern(40_000, 5))
    }

    @Test("a capacity beyond the size limit of pipes is refused")
    func tooLarge() {
        let isOpen = PipeFanOut.open(capacity: 1 << 30) != nil
        #expect(!isOpen)
    }
}
