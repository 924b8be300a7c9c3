import Linux
import Synchronization
import SystemPackage

/// Keeps memory files whose pictures have been read by all receivers, so that the files can be reused.
///
/// Creating a memory file and allocating its pages takes longer than writing a picture to it.
public final class MemoryFilePool: Sendable {
    public init() {}

    /// A file that holds one picture at a time.
    final class File: Sendable {
        let memory: MemoryFile
        /// How many times the current picture has been sent from its start.
        fileprivate let sendings = Atomic(0)

        init() throws(SystemError) { memory = try MemoryFile("frame") }
    }

    /// The pipes from which a picture with many viewers is sent.
    private struct Spread: ~Copyable {
        var fan: PipeFanOut?
        /// The file whose pages `fan` holds, or nil if it holds none.
        var file: File?

        init() {}

        mutating func take(_ file: File, byteCount: Int) {
            if fan?.isUsable != true { fan = PipeFanOut.open(capacity: maximumSpreadByteCount * 2) }
            self.file = fan?.keep(file.memory, byteCount: byteCount) == true ? file : nil
        }
    }

    /// The maximum number of free files.
    ///
    /// The current picture and the previous one need two files each, because streams have two kinds of part headers.
    private static let maximumCount = 4
    /// The maximum size of a picture that is sent from pipes; such a picture must fit into an empty socket buffer.
    private static let maximumSpreadByteCount = 1 << 18
    /// If a picture is sent at least this many times, using pipes takes less time.
    private static let spreadThreshold = 4

    private let files = Mutex<[File]>([])
    private let spread = Mutex(Spread())

    /// Returns a free file, or a new one.
    func take() throws(SystemError) -> File {
        if let file = files.withLock({ $0.popLast() }) { return file }
        return try File()
    }

    /// Takes back a file that is no longer being read.
    func put(_ file: File) {
        spread.withLock { spread in
            guard spread.file === file else { return }
            spread.file = nil
            spread.fan?.empty()
        }
        file.sendings.store(0, ordering: .relaxed)
        files.withLock {
            if $0.count < Self.maximumCount { $0.append(file) }
        }
    }

    /// Sends the picture in `file` from its start; returns the number of bytes sent.
    ///
    /// If the picture has many viewers, the kernel looks up its pages only once, and splices them from pipes
    /// afterwards.
    func send(_ file: File, byteCount: Int, to socket: CInt) -> Result<Int, Errno> {
        let sendings = file.sendings.wrappingAdd(1, ordering: .relaxed).newValue
        if sendings >= Self.spreadThreshold, byteCount <= Self.maximumSpreadByteCount {
            let sent = spread.withLock { spread -> Result<Int, Errno>? in
                if sendings == Self.spreadThreshold { spread.take(file, byteCount: byteCount) }
                guard spread.file === file, spread.fan?.isUsable == true else { return nil }
                return spread.fan?.send(to: socket)
            }
            if let sent { return sent }
        }
        return file.memory.send(0..<byteCount, to: socket)
    }
}
