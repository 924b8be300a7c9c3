import CLinux
import Glibc
public import SystemPackage

/// Sends the beginning of a file to many sockets, with only one lookup of the file's pages in the kernel (splice(2),
/// tee(2)).
///
/// One pipe holds references to the pages. For each socket, the references are duplicated into a second pipe, and are
/// moved from there to the socket. The second pipe is therefore empty between calls. No call blocks. Only one thread at
/// a time may use a fan-out.
public struct PipeFanOut: ~Copyable, Sendable {
    private let kept: Pipe
    private let copy: Pipe
    /// /dev/null, into which a pipe is drained without copying its bytes to this process.
    private let nowhere: Descriptor
    /// The number of bytes in the pipe `kept`.
    public private(set) var byteCount: Int
    /// Whether the fan-out may still be used; false after a pipe could not be drained.
    ///
    /// After that, nothing more may be sent, because a socket would receive the remaining bytes first.
    public private(set) var isUsable: Bool

    private init(kept: consuming Pipe, copy: consuming Pipe, nowhere: consuming Descriptor) {
        self.kept = kept
        self.copy = copy
        self.nowhere = nowhere
        byteCount = 0
        isUsable = true
    }

    /// Returns a fan-out with room for `capacity` bytes.
    ///
    /// Returns nil if the process is out of descriptors, or if pipes of that size are not allowed
    /// (/proc/sys/fs/pipe-max-size, pipe-user-pages-soft).
    public static func open(capacity: Int) -> PipeFanOut? {
        guard let kept = Pipe.open(capacity: capacity), let copy = Pipe.open(capacity: capacity),
            let nowhere = try? Descriptor(opening: "/dev/null", flags: O_WRONLY)
        else { return nil }
        return PipeFanOut(kept: kept, copy: copy, nowhere: nowhere)
    }

    /// Replaces the bytes in the pipe `kept` with the first `byteCount` bytes of `file`.
    ///
    /// If they do not fit, leaves the pipe empty and returns false.
    public mutating func keep(_ file: borrowing MemoryFile, byteCount: Int) -> Bool {
        empty()
        guard isUsable else { return false }
        var offset: Int64 = 0
        let (source, target) = (file.descriptor.number, kept.writing.number)
        while offset < byteCount {
            let count = byteCount - Int(offset)
            let moved = retryingOnInterrupt { unsafe splice(source, &offset, target, nil, count, Self.atOnce) }
            guard case .success(let bytes) = moved, bytes > 0 else {
                self.byteCount = Int(offset)
                empty()
                return false
            }
        }
        self.byteCount = byteCount
        return true
    }

    /// Sends the bytes in the pipe `kept`, which stay in it; returns the number of bytes sent.
    ///
    /// The socket refers to the file's memory until the peer has read it: see ``MemoryFile/send(_:to:)``.
    public mutating func send(to socket: CInt) -> Result<Int, Errno> {
        let (source, between, byteCount) = (kept.reading.number, copy.writing.number, byteCount)
        let copied = retryingOnInterrupt { tee(source, between, byteCount, Self.atOnce) }
        guard case .success(let count) = copied else { return copied }
        let sent = Self.move(count, from: copy, to: socket)
        // Drop the bytes that this socket did not accept: otherwise, the next socket would receive them first.
        if !Self.drop(count - ((try? sent.get()) ?? 0), from: copy, to: nowhere) { isUsable = false }
        return sent
    }

    /// Removes all bytes from the pipe `kept`.
    public mutating func empty() {
        if !Self.drop(byteCount, from: kept, to: nowhere) { isUsable = false }
        byteCount = 0
    }

    private static let atOnce = UInt32(linux_splice_nonblock)

    /// Drains `byteCount` bytes from `pipe`; returns false if not all could be drained.
    private static func drop(
        _ byteCount: Int, from pipe: borrowing Pipe, to nowhere: borrowing Descriptor
    ) -> Bool {
        var rest = byteCount
        while rest > 0 {
            guard case .success(let count) = move(rest, from: pipe, to: nowhere.number), count > 0 else { return false }
            rest -= count
        }
        return true
    }

    private static func move(_ byteCount: Int, from pipe: borrowing Pipe, to target: CInt) -> Result<Int, Errno> {
        let source = pipe.reading.number
        return retryingOnInterrupt { splice(source, nil, target, nil, byteCount, atOnce) }
    }
}

/// Both ends of a non-blocking pipe.
private struct Pipe: ~Copyable, Sendable {
    let reading: Descriptor
    let writing: Descriptor

    static func open(capacity: Int) -> Pipe? {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return nil }
        let pipe = Pipe(reading: Descriptor(owning: ends[0]), writing: Descriptor(owning: ends[1]))
        // The kernel rounds the capacity up to a number of pages that is a power of two.
        let room = fcntl(ends[1], CInt(linux_set_pipe_size), CInt(capacity))
        guard room >= capacity else { return nil }
        return pipe
    }
}
