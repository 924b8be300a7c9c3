import Linux
import Synchronization
import SystemPackage

/// Files in memory whose pictures everybody has read, kept for the next pictures.
///
/// Making such a file and getting pages for it takes longer than filling it.
public final class MemoryFilePool: Sendable {
    public init() {}

    /// A file that one picture after the other is in.
    final class File: Sendable {
        let memory: MemoryFile
        /// How often its picture was sent from its beginning.
        fileprivate let sendings = Atomic(0)

        init() throws(SystemError) { memory = try MemoryFile("frame") }
    }

    /// What many viewers get of the newest picture that many wanted.
    private struct Spread: ~Copyable {
        var fan: PageFan?
        /// Whose beginning `fan` keeps.
        var file: File?

        init() {}

        mutating func take(_ file: File, byteCount: Int) {
            if fan?.isUsable != true { fan = PageFan.open(capacity: maximumSpreadByteCount * 2) }
            self.file = fan?.keep(file.memory, byteCount: byteCount) == true ? file : nil
        }
    }

    /// Files that are kept: one picture in two framings, and the one before it.
    private static let maximumCount = 4
    /// The largest picture, in bytes, for which pipes are used: an empty socket has room for all of it.
    private static let maximumSpreadByteCount = 1 << 18
    /// How many viewers get a picture straight from its file before pipes are worth it.
    private static let spreadThreshold = 4

    private let files = Mutex<[File]>([])
    private let spread = Mutex(Spread())

    /// A file for the next picture, one of before if there is one.
    func take() throws(SystemError) -> File {
        if let file = files.withLock({ $0.popLast() }) { return file }
        return try File()
    }

    /// Takes back a file that nothing reads any more.
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

    /// Sends the picture that `file` begins with; returns how many bytes the socket took.
    ///
    /// The more viewers a picture has, the more is saved by looking up its pages once.
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
