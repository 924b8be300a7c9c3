import FastCGI
import Linux
import SystemPackage

/// Bytes for any number of web servers, laid out as FastCGI records of request 1; never changed once made.
///
/// They lie in a file in memory, from which `sendfile` sends them without copying; when the process has no descriptor
/// left for that, in an array.
final class WireImage: Sendable {
    fileprivate enum Storage: ~Copyable, Sendable {
        case file(MemoryFile)
        case array([UInt8])
    }

    private let storage: Storage
    let byteCount: Int

    /// Frames `head`, `body` and `tail` as output records and puts `ending`, whole records, behind them.
    init(head: [UInt8] = [], body: RawSpan, tail: [UInt8] = [], ending: [UInt8] = []) {
        var storage = Self.emptyStorage()
        do throws(SystemError) {
            try Self.write(head, body, tail, ending, to: &storage)
        } catch {
            // Memory is what a file in memory runs out of; the array asks for it in another way.
            storage = .array([])
            try? Self.write(head, body, tail, ending, to: &storage)
        }
        byteCount = storage.byteCount
        self.storage = storage
    }

    /// Sends what lies from `offset` on; returns how many bytes the socket took.
    func send(from offset: Int, to socket: CInt) -> Result<Int, Errno> {
        switch storage {
        case .file(let file): file.send(from: offset, to: socket)
        case .array(let bytes): Socket.send(bytes, from: offset, to: socket)
        }
    }

    /// A copy with the records addressed to another request; empty when the memory cannot be read.
    func records(of request: UInt16) -> [UInt8] {
        var bytes: [UInt8]
        switch storage {
        case .file(let file): bytes = (try? file.contents()) ?? []
        case .array(let array): bytes = array
        }
        Record.readdress(&bytes, to: request)
        return bytes
    }

    private static func emptyStorage() -> Storage {
        guard let file = try? MemoryFile("frame") else { return .array([]) }
        return .file(file)
    }

    private static func write(
        _ head: [UInt8], _ body: RawSpan, _ tail: [UInt8], _ ending: [UInt8], to storage: inout Storage
    ) throws(SystemError) {
        var remaining = head.count + body.byteCount + tail.count
        var room = 0
        // What has not been written yet: headers of records and short pieces, so that they go out together.
        var small: [UInt8] = []
        small.reserveCapacity(head.count + tail.count + ending.count + 64)

        /// Takes up to `wanted` bytes of the current record, beginning the next one when it is full.
        func take(_ wanted: Int) -> Int {
            if room == 0 {
                room = min(remaining, Record.maximumContentByteCount)
                remaining -= room
                Record.appendHeader(.output, request: 1, byteCount: room, to: &small)
            }
            let count = min(room, wanted)
            room -= count
            return count
        }

        var offset = 0
        while offset < head.count {
            let count = take(head.count - offset)
            small += head[offset..<(offset + count)]
            offset += count
        }
        offset = 0
        while offset < body.byteCount {
            let count = take(body.byteCount - offset)
            try storage.append(small)
            small.removeAll(keepingCapacity: true)
            try storage.append(body.extracting(offset..<(offset + count)))
            offset += count
        }
        offset = 0
        while offset < tail.count {
            let count = take(tail.count - offset)
            small += tail[offset..<(offset + count)]
            offset += count
        }
        small += ending
        try storage.append(small)
    }
}

extension WireImage.Storage {
    fileprivate var byteCount: Int {
        switch self {
        case .file(let file): file.byteCount
        case .array(let bytes): bytes.count
        }
    }

    fileprivate mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        guard !bytes.isEmpty else { return }
        switch consume self {
        case .file(var file):
            do throws(SystemError) {
                try file.append(bytes)
            } catch {
                self = .array([])
                throw error
            }
            self = .file(file)
        case .array(var array):
            array += bytes
            self = .array(array)
        }
    }

    fileprivate mutating func append(_ bytes: RawSpan) throws(SystemError) {
        switch consume self {
        case .file(var file):
            do throws(SystemError) {
                try file.append(bytes)
            } catch {
                self = .array([])
                throw error
            }
            self = .file(file)
        case .array(var array):
            array.append(contentsOf: bytes)
            self = .array(array)
        }
    }
}
