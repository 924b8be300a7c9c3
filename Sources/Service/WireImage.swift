import FastCGI
import Linux
import Synchronization
import SystemPackage

/// Bytes for any number of web servers, laid out as FastCGI records of request 1; never changed once made.
///
/// They are in a file in memory, from which the kernel sends them without copying; if the process has no descriptor
/// left for that, in an array.
///
/// A socket holds the file's own memory until the web server has read it. So the file is used for a further picture only
/// if each connection that began to send this one has seen its socket empty since; one that has not calls
/// ``keepFromReuse()``.
public final class WireImage: Sendable {
    fileprivate enum Storage: Sendable {
        case file(MemoryFilePool.File)
        case array([UInt8])
    }

    private let storage: Storage
    private let pool: MemoryFilePool?
    private let isReusable = Atomic(true)
    public let byteCount: Int

    /// Frames `head`, `body` and `tail` as output records and puts `ending`, whole records, behind them.
    ///
    /// `pool` lends the file, and gets it back when nothing reads it any more.
    public init(
        head: [UInt8] = [], body: RawSpan, tail: [UInt8] = [], ending: [UInt8] = [], in pool: MemoryFilePool? = nil
    ) {
        var target = Target(file: try? pool?.take() ?? MemoryFilePool.File())
        do throws(SystemError) {
            try Self.write(head, body, tail, ending, to: &target)
        } catch {
            // Memory is what a file in memory runs out of; the array asks for it in another way.
            target = Target(file: nil)
            try? Self.write(head, body, tail, ending, to: &target)
        }
        byteCount = target.byteCount
        storage = target.file.map(Storage.file) ?? .array(target.bytes)
        self.pool = pool
    }

    deinit {
        guard let pool, case .file(let file) = storage, isReusable.load(ordering: .acquiring) else { return }
        pool.put(file)
    }

    /// A socket may go on holding the file's memory, unseen.
    func keepFromReuse() {
        isReusable.store(false, ordering: .releasing)
    }

    /// Sends what lies from `offset` on; returns how many bytes the socket took.
    func send(from offset: Int, to socket: CInt) -> Result<Int, Errno> {
        switch storage {
        case .file(let file):
            if offset == 0, let pool {
                pool.send(file, byteCount: byteCount, to: socket)
            } else {
                file.memory.send(offset..<byteCount, to: socket)
            }
        case .array(let bytes): Socket.send(bytes, from: offset, to: socket)
        }
    }

    /// A copy with the records addressed to another request; empty when the memory cannot be read.
    func records(of request: UInt16) -> [UInt8] {
        var bytes: [UInt8]
        switch storage {
        case .file(let file): bytes = (try? file.memory.contents(byteCount: byteCount)) ?? []
        case .array(let array): bytes = array
        }
        Record.readdress(&bytes, to: request)
        return bytes
    }

    private static func write(
        _ head: [UInt8], _ body: RawSpan, _ tail: [UInt8], _ ending: [UInt8], to target: inout Target
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
            try target.append(small)
            small.removeAll(keepingCapacity: true)
            try target.append(body.extracting(offset..<(offset + count)))
            offset += count
        }
        offset = 0
        while offset < tail.count {
            let count = take(tail.count - offset)
            small += tail[offset..<(offset + count)]
            offset += count
        }
        small += ending
        try target.append(small)
    }
}

/// Where an image is written to.
private struct Target {
    /// Nil: to `bytes`.
    let file: MemoryFilePool.File?
    var bytes: [UInt8] = []
    var byteCount = 0

    init(file: MemoryFilePool.File?) { self.file = file }

    mutating func append(_ piece: RawSpan) throws(SystemError) {
        if let file {
            try file.memory.write(piece, at: byteCount)
        } else {
            bytes.append(contentsOf: piece)
        }
        byteCount += piece.byteCount
    }

    mutating func append(_ piece: [UInt8]) throws(SystemError) {
        try piece.withRawSpan { (bytes) throws(SystemError) in try append(bytes) }
    }
}
