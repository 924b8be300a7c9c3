import FastCGI
import Linux
import Synchronization
import SystemPackage

/// An immutable picture in the form in which it is sent to web servers: as FastCGI records with the request ID 1.
///
/// Any number of connections can send the same image. Its bytes are stored in a memory file, from which the kernel
/// sends them without copying, or in an array if no descriptor is available.
///
/// A socket refers to the file's pages until the web server has read them. The file may therefore be reused only after
/// the sockets of all connections that have sent the image were drained. A connection that does not know whether its
/// socket was drained calls ``keepFromReuse()``.
public final class WireImage: Sendable {
    fileprivate enum Storage: Sendable {
        case file(MemoryFilePool.File)
        case array([UInt8])
    }

    private let storage: Storage
    private let pool: MemoryFilePool?
    private let isReusable = Atomic(true)
    public let byteCount: Int

    /// Puts `head`, `body` and `tail` into FastCGI records, and appends `ending`, which must consist of whole records.
    ///
    /// The records are stored in a file from `pool`, to which the file is returned when it may be reused. If `pool` is
    /// nil, they are stored in a new file.
    public init(
        head: [UInt8] = [], body: RawSpan, tail: [UInt8] = [], ending: [UInt8] = [], in pool: MemoryFilePool? = nil
    ) {
        var target = Target(file: try? pool?.take() ?? MemoryFilePool.File())
        do throws(SystemError) {
            try Self.write(head, body, tail, ending, to: &target)
        } catch {
            // Writing to a memory file may fail although there is enough memory for an array.
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

    /// Prevents reuse of the file, because a socket may still refer to its pages.
    func keepFromReuse() {
        isReusable.store(false, ordering: .releasing)
    }

    /// Sends the bytes starting at `offset`; returns the number of bytes sent.
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

    /// Returns a copy of the records for another request ID, or an empty array if the file cannot be read.
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
        // Record headers and short pieces are collected here and written together.
        var small: [UInt8] = []
        small.reserveCapacity(head.count + tail.count + ending.count + 64)

        /// Reserves up to `wanted` bytes in the current record, or in a new one if it is full; returns their number.
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

/// The file or array to which an image is written.
private struct Target {
    /// The file, or nil if the image is written to `bytes`.
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
