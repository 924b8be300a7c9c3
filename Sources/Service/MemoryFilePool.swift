import Linux
import Synchronization
import SystemPackage

/// Reuses memory files whose pictures have been read by all receivers.
///
/// Creating a memory file and allocating its pages takes longer than filling it.
public final class MemoryFilePool: Sendable {
    public init() {}

    /// A file that holds one picture at a time.
    final class File: Sendable {
        let memory: MemoryFile
        /// How often sending of the current picture has been started.
        fileprivate let sendings = Atomic(0)

        init() throws(SystemError) { memory = try MemoryFile("frame") }
    }

    /// Pipes that hold the pages of a picture with many viewers.
    private struct Spread: ~Copyable {
        var fan: PipeFanOut?
        /// The file whose pages `fan` holds.
        var file: File?

        init() {}

        mutating func take(_ file: File, byteCount: Int) {
            if fan?.isUsable != true { fan = PipeFanOut.open(capacity: maximumSpreadByteCount * 2) }
            self.file = fan?.keep(file.memory, byteCount: byteCount) == true ? file : nil
        }
    }

    /// The maximum number of free files: two framings of the current picture and of the one before it.
    private static let maximumCount = 4
    /// The maximum size of a picture for which pipes are used; it must fit into an empty socket buffer.
    private static let maximumSpreadByteCount = 1 << 18
    /// The number of sends from which pipes pay off.
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
    /// With many viewers, the pages are looked up only once and then spliced from pipes.
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
